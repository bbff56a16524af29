import socket

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(('0.0.0.0', 8000))
listener.listen(1)
print('Server is ready to receive')
while True:
    connection, client = listener.accept()
    text = connection.recv(2048)
    print('Got message from', client)
    connection.send(text.upper())
    # The client closes; until then the server waits here.
    connection.recv(2048)
    connection.close()
