import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
client.sendto(input('Input lowercase sentence:').encode(), (sys.argv[1], int(sys.argv[2])))
print(client.recv(2048).decode())
