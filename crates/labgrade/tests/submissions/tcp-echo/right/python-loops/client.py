import sys
from socket import *

client = socket(AF_INET, SOCK_STREAM)
client.connect((sys.argv[1], int(sys.argv[2])))
while True:
    sentence = input('Input lowercase sentence:')
    client.send(sentence.encode())
    print('From Server:', client.recv(1024).decode())
