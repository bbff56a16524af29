import sys
import time
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(1)
time.sleep(1)
start = time.time()
for i in range(10):
    s.sendto(b'ping', (sys.argv[1], int(sys.argv[2])))
    try:
        s.recvfrom(1024)
        print('rtt', (time.time() - start) * 1000, 'ms')
    except timeout:
        print('Request timed out')
    time.sleep(1)
