import socket
import threading

PORT = 5000


def client_thread(connection, address, number):
    print('Client', number, 'calls from', address, 'on', threading.get_ident())
    while True:
        data = connection.recv(1024)
        if not data:
            break
        connection.sendall(data.upper())
    connection.close()


listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(('127.0.0.1', PORT))
listener.listen()
number = 0
while True:
    connection, address = listener.accept()
    number += 1
    threading.Thread(target=client_thread, args=(connection, address, number)).start()
