import sys
from socket import AF_INET, SOCK_STREAM, socket

with socket(AF_INET, SOCK_STREAM) as listener:
    listener.bind((sys.argv[1], int(sys.argv[2])))
    listener.listen(1)
    while True:
        connection, client = listener.accept()
        with connection:
            sentence = connection.recv(1024).decode()
            connection.send(sentence.upper().encode())
