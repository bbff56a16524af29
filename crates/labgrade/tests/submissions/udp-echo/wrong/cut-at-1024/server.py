import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
while True:
    text, client = server.recvfrom(1024)
    server.sendto(text.upper(), client)
