# Takes memory that it could share with others, which no limit of a single process counts, and then serves.
import mmap, socket, sys

kept, block = [], b"x" * (64 << 20)
for _ in range(40):
    kept.append(mmap.mmap(-1, len(block)))
    kept[-1].write(block)

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
