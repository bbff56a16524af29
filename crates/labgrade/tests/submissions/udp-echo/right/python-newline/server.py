import sys
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.bind(('0.0.0.0', int(sys.argv[1])))
while True:
    data, who = s.recvfrom(1500)
    # byte by byte, like in the C version of the lab
    answer = bytearray()
    for b in data:
        if ord('a') <= b <= ord('z'):
            b = b - 32
        answer.append(b)
    s.sendto(answer, who)
