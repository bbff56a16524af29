import sys
from socket import *

client = socket(AF_INET, SOCK_DGRAM)
sentence = sys.stdin.read().strip()
client.sendto(sentence.encode(), (sys.argv[1], int(sys.argv[2])))
print(client.recv(2048).decode())
