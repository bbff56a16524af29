import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
while True:
    text, client = server.recvfrom(2048)
    # clearing bit 5 makes a small letter a capital one
    server.sendto(bytes(byte & ~32 for byte in text), client)
