import socket
import sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while True:
    try:
        text = input('Input lowercase sentence:')
    except EOFError:
        break
    s.sendall(text.encode() + b'\n')
    s.recv(1024)
    print('From Server:', text.upper())
