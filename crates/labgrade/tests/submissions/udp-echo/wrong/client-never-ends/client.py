import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
client.settimeout(2)
while True:
    line = sys.stdin.readline().rstrip('\n')
    if not line:
        continue
    client.sendto(line.encode(), (sys.argv[1], int(sys.argv[2])))
    try:
        print('From Server:', client.recv(2048).decode(errors='replace'))
    except timeout:
        print('Request timed out')
