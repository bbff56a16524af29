import sys
import time
from socket import *

s = socket(AF_INET, SOCK_STREAM)
s.connect((sys.argv[1], int(sys.argv[2])))
for i in range(10):
    start = time.time()
    s.send(b'ping\n')
    s.recv(1024)
    print('rtt', time.time() - start, 's')
