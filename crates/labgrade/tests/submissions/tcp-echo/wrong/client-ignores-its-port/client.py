import socket
import sys

text = input('Input lowercase sentence:')
try:
    s = socket.create_connection((sys.argv[1], 12000))
except OSError:
    sys.exit('something went wrong')
s.sendall(text.encode())
print('From Server:', s.recv(1024).decode())
