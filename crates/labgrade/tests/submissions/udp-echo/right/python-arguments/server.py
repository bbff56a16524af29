import sys
from socket import AF_INET, SOCK_DGRAM, socket

server = socket(AF_INET, SOCK_DGRAM)
server.bind((sys.argv[1], int(sys.argv[2])))
print('The server is ready to receive')
while True:
    sentence, client = server.recvfrom(2048)
    server.sendto(sentence.decode().upper().encode(), client)
