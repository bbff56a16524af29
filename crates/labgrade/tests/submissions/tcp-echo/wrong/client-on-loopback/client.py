import sys
from socket import *

client = socket(AF_INET, SOCK_STREAM)
client.bind(('127.0.0.1', 0))
client.connect((sys.argv[1], int(sys.argv[2])))
client.send(input('Input lowercase sentence:').encode())
print('From Server:', client.recv(1024).decode())
