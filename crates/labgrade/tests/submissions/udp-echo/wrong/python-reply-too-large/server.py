import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
buffer = bytearray(100000)
while True:
    size, address = server.recvfrom_into(buffer)
    server.sendto(buffer.upper(), address)
