import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
print('ready')
while True:
    text, client = server.recvfrom(2048)
    server.sendto(text.upper(), client)
