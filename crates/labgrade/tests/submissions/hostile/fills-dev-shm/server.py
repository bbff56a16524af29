# Writes files that are memory, and serves if it could write more than it may.
import os, socket, sys

written = 0
for folder in ["/dev/shm", "/dev"]:
    try:
        for number in range(10):
            with open(f"{folder}/MARK-{number}", "wb") as file:
                written += file.write(b"x" * (16 << 20)) >> 20
    except OSError as error:
        print(error)
if written <= 64:
    sys.exit(f"only {written} MiB")

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
