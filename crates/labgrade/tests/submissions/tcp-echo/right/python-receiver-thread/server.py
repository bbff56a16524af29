import sys
from socket import *

server = socket(AF_INET, SOCK_STREAM)
server.bind(('', int(sys.argv[1])))
server.listen(1)
while True:
    connection, client = server.accept()
    connection.send(connection.recv(1024).upper())
    connection.close()
