import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
sentence = input('Input lowercase sentence:')
client.sendto(sentence.encode() + b'\n', (sys.argv[1], int(sys.argv[2])))
print(client.recv(2048).decode())
