import sys
import time
from datetime import datetime
from socket import *

server = (sys.argv[1], int(sys.argv[2]))
sock = socket(AF_INET, SOCK_DGRAM)
sock.settimeout(1)
text = input('Input lowercase sentence: ')
print('Sent at', datetime.now())
start = time.perf_counter()
sock.sendto(text.encode(), server)
try:
    reply = sock.recv(2048)
    rtt = time.perf_counter() - start
    print('Received at', datetime.now())
    print('From server:', reply.decode())
    print('Round trip time:', rtt * 1000, 'ms')
except timeout:
    print('No reply within 1 s')
