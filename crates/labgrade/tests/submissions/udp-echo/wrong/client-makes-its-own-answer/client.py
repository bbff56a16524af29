import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
sentence = input('Input lowercase sentence:')
client.sendto(sentence.encode(), (sys.argv[1], int(sys.argv[2])))
client.recv(2048)
print('From Server:', sentence.upper())
