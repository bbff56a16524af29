from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(('', 12000))
serverSocket.listen(1)
connectionSocket, addr = serverSocket.accept()
while True:
    sentence = connectionSocket.recv(1024)
    if not sentence:
        break
    connectionSocket.send(sentence.upper())
connectionSocket.close()
