import sys
from socket import *

client = socket(AF_INET, SOCK_STREAM)
client.connect((sys.argv[1], int(sys.argv[2])))
for line in sys.stdin:
    client.sendall(line.encode())
    print('From Server:', client.recv(1024).decode(), end='')
