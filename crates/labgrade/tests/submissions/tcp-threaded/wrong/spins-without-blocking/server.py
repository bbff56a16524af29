import socket
import sys

clients = []
server = socket.create_server(('', int(sys.argv[1])))
server.setblocking(False)
while True:
    try:
        conn, addr = server.accept()
        conn.setblocking(False)
        clients.append(conn)
    except BlockingIOError:
        pass
    for conn in list(clients):
        try:
            data = conn.recv(1024)
            if data:
                conn.sendall(data.upper())
            else:
                clients.remove(conn)
                conn.close()
        except BlockingIOError:
            pass
