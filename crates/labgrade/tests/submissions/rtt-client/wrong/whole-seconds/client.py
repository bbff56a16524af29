import sys
import time
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(1)
for i in range(8):
    start = int(time.time())
    s.sendto(b'ping', (sys.argv[1], int(sys.argv[2])))
    try:
        s.recvfrom(1024)
        print('RTT is', int(time.time()) - start, 'seconds')
    except timeout:
        print('Request timed out')
