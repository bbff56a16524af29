import sys
import time
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(1)
for i in range(10):
    start = time.time()
    s.sendto(b'ping', (sys.argv[1], int(sys.argv[2])))
    s.recvfrom(1024)
    print('rtt', time.time() - start, 's')
