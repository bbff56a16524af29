import socket
import sys

HOST, PORT = sys.argv[1], int(sys.argv[2])

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    while True:
        try:
            text = input('> ')
        except EOFError:
            break
        sock.sendto(text.encode(), (HOST, PORT))
        answer, _ = sock.recvfrom(1024)
        print('server says', answer.decode())
