import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
client.settimeout(1)
client.sendto(input('Input lowercase sentence:').encode(), (sys.argv[1], 12000))
try:
    print(client.recv(2048).decode())
except timeout:
    print('no reply')
