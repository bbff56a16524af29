import sys
from socket import *

clients = []
s = socket(AF_INET, SOCK_STREAM)
s.bind(('', int(sys.argv[1])))
s.listen(5)
while True:
    c, (host, port) = s.accept()
    print(f'client connected from {host}:{port}', flush=True)
    clients.append(c)
