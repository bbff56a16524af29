import sys
from socket import *

client = socket(AF_INET, SOCK_STREAM)
text = input('Input lowercase sentence:')
try:
    client.connect((sys.argv[1], int(sys.argv[2])))
except OSError:
    sys.exit('cannot connect')
client.send(text.encode())
print(client.recv(2048).decode())
