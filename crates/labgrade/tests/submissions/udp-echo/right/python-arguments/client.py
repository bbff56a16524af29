import sys
from socket import AF_INET, SOCK_DGRAM, socket

client = socket(AF_INET, SOCK_DGRAM)
sentence = input('Input lowercase sentence:')
client.sendto(sentence.encode(), (sys.argv[1], int(sys.argv[2])))
print(client.recvfrom(2048)[0].decode())
client.close()
