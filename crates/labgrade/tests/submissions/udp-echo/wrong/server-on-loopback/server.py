import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('127.0.0.1', int(sys.argv[2])))
print('ready')
while True:
    text, client = server.recvfrom(2048)
    server.sendto(text.upper(), client)
