import time
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(0.6)
text = input()
begin = time.monotonic()
print('Sent:', time.ctime())
s.sendto(text.encode(), ('127.0.0.1', 25000))
try:
    data = s.recv(2048)
    print('RTT', int((time.monotonic() - begin) * 1e6), 'us')
    print('Received:', time.ctime())
    print(data)
except timeout:
    print('no answer')
