import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
for line in sys.stdin:
    client.sendto(line.rstrip('\n').encode(), (sys.argv[1], int(sys.argv[2])))
    reply, server = client.recvfrom(2048)
    print('From Server:', reply.decode(errors='replace'))
