from socket import *
import sys

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('', int(sys.argv[1])))
print 'The server is ready to receive'
while True:
    text, client = server.recvfrom(2048)
    server.sendto(text.upper(), client)
