from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
clientSocket.connect(('localhost', 12000))
clientSocket.send(b'test message\n')
print('From Server:', clientSocket.recv(1024).decode())
