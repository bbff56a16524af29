import socket
import sys

s = socket.socket()
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, addr = s.accept()
    c.send(c.recv(1024).upper())
    s.close()
