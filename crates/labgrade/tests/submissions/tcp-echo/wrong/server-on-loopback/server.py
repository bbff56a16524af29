import sys
from socket import *

listener = socket(AF_INET, SOCK_STREAM)
listener.bind(('localhost', int(sys.argv[1])))
listener.listen(1)
print('ready')
while True:
    connection, client = listener.accept()
    connection.send(connection.recv(1024).upper())
    connection.close()
