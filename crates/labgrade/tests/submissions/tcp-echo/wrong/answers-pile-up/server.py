import socket
import sys

server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    text = b''
    while True:
        data = conn.recv(1024)
        if not data:
            break
        text += data
        conn.sendall(text.upper())
    conn.close()
