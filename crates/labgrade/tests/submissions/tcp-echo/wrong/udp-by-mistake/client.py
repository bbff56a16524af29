import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(input('> ').encode(), (sys.argv[1], int(sys.argv[2])))
print(s.recv(2048).decode())
