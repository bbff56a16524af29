import select
import sys
import time
from socket import *

server = (sys.argv[1], int(sys.argv[2]))
s = socket(AF_INET, SOCK_DGRAM)
lost = 0
for seq in range(5):
    start = time.monotonic()
    s.sendto(b'x' * 32, server)
    ready = select.select([s], [], [], 2)[0]
    if not ready:
        print(f'seq={seq} timeout')
        lost += 1
        continue
    s.recv(65535)
    print(f'seq={seq} time={(time.monotonic() - start) * 1e6:.0f} us')
print(f'{lost / 5 * 100:.0f}% packet loss')
