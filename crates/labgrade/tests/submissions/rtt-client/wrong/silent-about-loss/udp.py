import sys
import time
from datetime import datetime
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(0.5)
text = input('sentence: ')
for i in range(10):
    print('sent', datetime.now())
    start = time.time()
    s.sendto(text.encode(), (sys.argv[1], int(sys.argv[2])))
    try:
        reply = s.recv(1024)
    except timeout:
        continue
    rtt = time.time() - start
    print('received', datetime.now())
    print(reply.decode(), 'rtt', rtt, 's')
