# Prints a gigabyte, on both screens, and then serves.
import socket, sys

line = b"all work and no play makes a dull server\n" * 1600
for number in range(16400):
    (sys.stdout if number % 2 else sys.stderr).buffer.write(line)

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
