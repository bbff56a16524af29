import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
while True:
    text, client = server.recvfrom(2048)
    text = bytearray(text)
    for i in range(0, len(text) - 1):
        if 97 <= text[i] <= 122:
            text[i] -= 32
    server.sendto(text, client)
