import sys
import time
from socket import *

text = input('sentence: ')
requested = time.time()
s = create_connection((sys.argv[1], int(sys.argv[2])))
sent = time.time()
start = time.perf_counter()
s.sendall(text.encode() + b'\n')
reply = s.recv(2048)
rtt = time.perf_counter() - start
received = time.time()
print('connection requested', requested)
print('sent', sent)
print('received', received)
print('From server:', reply.decode())
print('RTT', rtt * 1000, 'ms')
