import socket
import sys

received = bytearray(100)
server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    conn.recv_into(received)
    conn.sendall(received.rstrip(b'\0').upper())
    conn.close()
