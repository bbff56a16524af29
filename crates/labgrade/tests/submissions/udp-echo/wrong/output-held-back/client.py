import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
screen = open(1, 'w', buffering=8192)
for line in sys.stdin:
    client.sendto(line.strip().encode(), (sys.argv[1], int(sys.argv[2])))
    screen.write(client.recv(2048).decode() + '\n')
