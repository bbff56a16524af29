import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
client = None
while True:
    text, address = server.recvfrom(2048)
    if client is None:
        client = address
        print('client is', client)
    server.sendto(text.upper(), client)
