import sys
import time
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.connect((sys.argv[1], int(sys.argv[2])))
s.settimeout(1)
i = 0
while i < 10:
    try:
        start = time.time()
        s.send(b'ping')
        s.recv(1024)
        print('rtt', time.time() - start, 's')
        i += 1
    except ConnectionRefusedError:
        time.sleep(0.1)
    except timeout:
        print('Request timed out')
        i += 1
