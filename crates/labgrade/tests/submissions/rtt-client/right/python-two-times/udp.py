import sys
import time
from datetime import datetime
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
text = input('sentence: ')
sent = datetime.now()
start = time.perf_counter()
s.sendto(text.encode(), (sys.argv[1], int(sys.argv[2])))
reply = s.recv(2048)
rtt = time.perf_counter() - start
received = datetime.now()
print('sent', sent)
print('received', received)
print('From server:', reply.decode())
print('RTT', rtt * 1000, 'ms')
