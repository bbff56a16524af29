from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(('', 12000))
serverSocket.listen(1)
while True:
    connection, addr = serverSocket.accept()
    sentence = connection.recv(1024).decode().strip()
    result = ''
    i = 0
    while i < len(sentence) - 1:
        result += sentence[i].upper()
        i += 1
    connection.send((result + '\n').encode())
    connection.close()
