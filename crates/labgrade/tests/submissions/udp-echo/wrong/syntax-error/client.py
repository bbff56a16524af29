import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
client.settimeout(5)
sentence = input('Input lowercase sentence:')
client.sendto(sentence.encode(), (sys.argv[1], int(sys.argv[2])))
reply, address = client.recvfrom(2048)
print(reply.decode())
client.close()
