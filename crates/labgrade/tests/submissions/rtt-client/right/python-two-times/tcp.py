import sys
import time
from datetime import datetime
from socket import *

text = input('sentence: ')
requested = datetime.now()
s = create_connection((sys.argv[1], int(sys.argv[2])))
sent = datetime.now()
start = time.perf_counter()
s.sendall(text.encode() + b'\n')
reply = s.recv(2048)
rtt = time.perf_counter() - start
received = datetime.now()
print('sent', sent)
print('received', received)
print('From server:', reply.decode())
print('RTT', rtt * 1000, 'ms')
