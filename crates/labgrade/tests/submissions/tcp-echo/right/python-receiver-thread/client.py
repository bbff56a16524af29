import socket
import sys
import threading
import time

# A runtime that takes long to start.
time.sleep(1.7)

connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))


def show_replies():
    for line in connection.makefile():
        print("From server:", line, end="", flush=True)


threading.Thread(target=show_replies, daemon=True).start()
for line in sys.stdin:
    connection.sendall(line.encode())
