# Kills every process that it may, and serves.
import os, signal, socket, sys

try:
    os.kill(-1, signal.SIGKILL)
except OSError:
    pass
for process in range(1, 4_000_000):
    if process != os.getpid():
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass
        if process > 40_000:
            break

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
