import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    whole = b''
    while True:
        part = conn.recv(1024)
        if not part:
            break
        whole += part
    conn.sendall(whole.upper())
    conn.close()
