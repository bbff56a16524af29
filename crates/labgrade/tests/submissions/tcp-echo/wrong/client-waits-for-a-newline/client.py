import socket
import sys

with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
    replies = sock.makefile('r')
    for line in sys.stdin:
        sock.sendall(line.strip().encode())
        print('From Server:', replies.readline().strip())
