import socket
import sys

host, port = sys.argv[1].split(':')
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sock.connect((host, int(port)))
for line in sys.stdin:
    sock.sendall(line.encode())
    print('From Server:', sock.recv(2048).decode(errors='replace'), end='')
