from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(('', 12000))
serverSocket.listen(1)
while 1:
    connectionSocket, addr = serverSocket.accept()
    connectionSocket.send(connectionSocket.recv(1024).upper())
    connectionSocket.close()
