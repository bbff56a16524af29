from socket import AF_INET, SOCK_STREAM, socket

listener = socket(AF_INET, SOCK_STREAM)
listener.bind(('', 6789))
listener.listen(1)
while True:
    print('Ready to serve...')
    connection, client = listener.accept()
    request = connection.recv(2048).decode()
    try:
        path = request.split()[1]
        with open(path[1:], 'rb') as file:
            page = file.read()
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n' + page)
    except (IndexError, OSError):
        connection.sendall(b'HTTP/1.1 404 Not Found\r\n\r\n<html><body><h1>404 Not Found</h1></body></html>')
    connection.close()
