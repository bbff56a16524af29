import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
while True:
    text, address = server.recvfrom(16)
    server.sendto(text.upper(), address)
