import sys
from socket import *

host, port = sys.argv[1].split(':')
client = socket(AF_INET, SOCK_DGRAM)
client.settimeout(2)
for line in sys.stdin:
    client.sendto(line.rstrip('\n').encode(), (host, int(port)))
    try:
        print('From Server:', client.recv(2048).decode(errors='replace'))
    except timeout:
        print('Request timed out')
