from socket import *

server = socket(AF_INET, SOCK_STREAM)
server.bind(('', 25000))
server.listen(5)
while True:
    connection, client = server.accept()
    print('connected:', client)
    while True:
        line = connection.recv(1024)
        if not line:
            break
        print(line.decode())
        connection.send(line.upper())
    connection.close()
