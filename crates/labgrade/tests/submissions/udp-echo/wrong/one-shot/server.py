from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(('', 12000))
print('The server is ready to receive')
message, clientAddress = serverSocket.recvfrom(2048)
serverSocket.sendto(message.decode().upper().encode(), clientAddress)
serverSocket.close()
