import socket
import sys
import threading


def serve(connection, address, number):
    print(f'Client {number} connected from {address[0]}:{address[1]}')
    print(f'Thread number: {threading.current_thread().name}')
    with connection:
        while True:
            data = connection.recv(1024)
            if not data:
                break
            message = data.decode()
            print(f'"{message}", Client {number}')
            connection.sendall(f'I received {len(message)} chars: {message}'.encode())
    print(f'Client {number} left')


listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2])))
listener.listen(5)
print(f'Listening at {sys.argv[1]} on port {sys.argv[2]}')
number = 0
while True:
    connection, address = listener.accept()
    number += 1
    threading.Thread(target=serve, args=(connection, address, number), name=str(number)).start()
