import sys
from socket import *

port = int(sys.argv[1])
server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', 12000))
print('The server is ready to receive on port', port)
while True:
    text, client = server.recvfrom(2048)
    server.sendto(text.upper(), client)
