from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(('', 6789))
serverSocket.listen(1)
print('Ready to serve...')
connectionSocket, addr = serverSocket.accept()
try:
    message = connectionSocket.recv(1024).decode()
    f = open(message.split()[1][1:])
    connectionSocket.send(b'HTTP/1.1 200 OK\r\n\r\n' + f.read().encode())
except IOError:
    connectionSocket.send(b'HTTP/1.1 404 Not Found\r\n\r\n<h1>404 Not Found</h1>')
connectionSocket.close()
serverSocket.close()
