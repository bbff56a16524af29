import sys
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
while True:
    sys.stdout.write('Input lowercase sentence:')
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        break
    s.sendto(line.encode(), (sys.argv[1], int(sys.argv[2])))
    sys.stdout.write(s.recv(1500).decode())
