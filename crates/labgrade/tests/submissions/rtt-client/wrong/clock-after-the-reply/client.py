import sys
import time
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(1)
for i in range(10):
    s.sendto(b'ping', (sys.argv[1], int(sys.argv[2])))
    try:
        s.recvfrom(1024)
        start = time.time()
        rtt = time.time() - start
        print('rtt: %.9f s' % rtt)
    except timeout:
        print('Request timed out')
