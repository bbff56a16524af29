import argparse
import socket

parser = argparse.ArgumentParser()
parser.add_argument('--host')
parser.add_argument('--port', type=int)
args = parser.parse_args()
with socket.create_connection((args.host, args.port)) as sock, sock.makefile('rw', newline='\n') as stream:
    while True:
        try:
            text = input('Enter the text message:')
        except EOFError:
            break
        stream.write(text + '\n')
        stream.flush()
        print('Got', stream.readline().rstrip('\n'))
