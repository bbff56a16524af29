import sys
from socket import *

client = socket(AF_INET, SOCK_STREAM)
client.connect((sys.argv[1], 25000))
while True:
    try:
        line = input('Message (Ctrl+D to leave): ')
    except EOFError:
        break
    client.send(line.encode())
    print(client.recv(1024).decode())
client.close()
