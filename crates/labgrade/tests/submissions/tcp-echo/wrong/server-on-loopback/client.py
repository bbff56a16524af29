import sys
from socket import *

client = create_connection((sys.argv[1], int(sys.argv[2])))
client.send(input('Input lowercase sentence:').encode())
print('From Server:', client.recv(1024).decode())
