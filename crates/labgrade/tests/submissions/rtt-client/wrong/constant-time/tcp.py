import sys
import time
from datetime import datetime
from socket import *

text = input('sentence: ')
requested = datetime.now()
s = create_connection((sys.argv[1], int(sys.argv[2])))
sent = datetime.now()
s.sendall(text.encode() + b'\n')
reply = s.recv(2048)
rtt = 0.2
received = datetime.now()
print('connection requested', requested)
print('sent', sent)
print('received', received)
print('From server:', reply.decode())
print('RTT', rtt * 1000, 'ms')
