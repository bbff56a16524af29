import sys
from socket import *

port = int(sys.argv[1])
server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', port))
while True:
    text, (ip, _) = server.recvfrom(2048)
    server.sendto(text.upper(), (ip, port))
