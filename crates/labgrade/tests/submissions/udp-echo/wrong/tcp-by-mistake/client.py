import sys
from socket import *

client = socket(AF_INET, SOCK_STREAM)
client.connect((sys.argv[1], int(sys.argv[2])))
client.send(input('Input lowercase sentence:').encode())
print(client.recv(2048).decode())
