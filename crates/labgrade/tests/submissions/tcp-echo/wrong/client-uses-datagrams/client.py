import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.sendto(input('Input lowercase sentence:').encode(), (sys.argv[1], int(sys.argv[2])))
print('From Server:', s.recv(1024).decode())
