import sys
from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
while True:
    sentence = b''
    while not sentence.endswith(b'\n'):
        part, client = server.recvfrom(2048)
        sentence += part
    server.sendto(sentence.upper(), client)
