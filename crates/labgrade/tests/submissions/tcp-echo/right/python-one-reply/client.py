import sys
from socket import AF_INET, SOCK_STREAM, socket

with socket(AF_INET, SOCK_STREAM) as connection:
    connection.connect((sys.argv[1], int(sys.argv[2])))
    sentence = input('Input lowercase sentence:')
    connection.send(sentence.encode())
    print('From Server:', connection.recv(1024).decode())
