"""TCP echo in upper case for one client at a time, as in a typical course handout."""
from socket import AF_INET, SOCK_STREAM, socket

listener = socket(AF_INET, SOCK_STREAM)
listener.bind(("127.0.0.1", 0))
listener.listen(1)
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
while True:
    connection, address = listener.accept()
    try:
        while message := connection.recv(65536):
            connection.sendall(message.upper())
    except OSError:
        pass
    connection.close()
