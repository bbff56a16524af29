import select
import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
while True:
    line = sys.stdin.readline().strip()
    client.sendto(line.encode(), (sys.argv[1], int(sys.argv[2])))
    if select.select([client], [], [], 0 if line == '' else 2)[0]:
        print('From Server:', client.recv(2048).decode())
    else:
        print('Request timed out')
