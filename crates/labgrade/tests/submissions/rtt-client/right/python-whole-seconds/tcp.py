import time
from socket import *

text = input()
s = socket(AF_INET, SOCK_STREAM)
begin = time.monotonic()
print('Connecting:', time.strftime('%I:%M:%S %p'))
s.connect(('127.0.0.1', 25000))
print('Sent:', time.strftime('%I:%M:%S %p'))
s.sendall(text.encode())
s.shutdown(SHUT_WR)
data = b''
while True:
    part = s.recv(100)
    if not part:
        break
    data += part
print('RTT', int((time.monotonic() - begin) * 1e6), 'us')
print('Received:', time.strftime('%I:%M:%S %p'))
print(data)
