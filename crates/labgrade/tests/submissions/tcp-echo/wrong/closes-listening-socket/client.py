import socket
import sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
text = input('Input lowercase sentence:')
s.sendall((text + '\n').encode())
print('From Server:', s.recv(1024).decode().strip())
s.close()
