# Forks for as long as it may, and serves.
import os, socket, sys, time

for _ in range(100_000):
    try:
        if os.fork() == 0:
            time.sleep(100_000)
    except OSError:
        break

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
