import sys
import time
from datetime import datetime
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.settimeout(1)
text = input('sentence: ')
s.connect((sys.argv[1], int(sys.argv[2])))
i = 0
while i < 10:
    try:
        sent, start = datetime.now(), time.time()
        s.send(text.encode())
        reply = s.recv(1024)
    except ConnectionRefusedError:
        time.sleep(0.1)
        continue
    except timeout:
        print('Request timed out')
        i += 1
        continue
    i += 1
    print('sent', sent)
    rtt = time.time() - start
    print('received', datetime.now())
    print(reply.decode(), 'rtt', rtt, 's')
