from socket import *

client = socket(AF_INET, SOCK_DGRAM)
client.connect(('127.0.0.1', 21000))
client.send(input('Input lowercase sentence:').encode())
print(client.recv(2048).decode())
