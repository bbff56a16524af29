import argparse
import socket
import sys

parser = argparse.ArgumentParser()
parser.add_argument('-s', '--server', default='localhost')
parser.add_argument('-p', '--port', type=int, default=9999)
args = parser.parse_args()

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((args.server, args.port))
for line in sys.stdin:
    sock.send(line.rstrip('\n').encode())
    print('Received:', sock.recv(65535).decode(errors='replace'))
