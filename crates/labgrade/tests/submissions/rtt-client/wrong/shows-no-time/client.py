import sys
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(1)
for i in range(10):
    s.sendto(b'ping %d' % i, (sys.argv[1], int(sys.argv[2])))
    try:
        print('pong', s.recv(1024))
    except timeout:
        print('Request timed out')
