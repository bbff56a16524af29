import socket
import sys
import time

server = socket.create_server(('', int(sys.argv[1])))
while True:
    conn, addr = server.accept()
    print('connection from', addr)
    time.sleep(0.5)  # give the client time to send
    conn.close()
