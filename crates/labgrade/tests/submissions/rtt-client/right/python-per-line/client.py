import argparse
import datetime
import socket
import time

parser = argparse.ArgumentParser()
parser.add_argument('protocol')
parser.add_argument('--host')
parser.add_argument('--port', type=int)
args = parser.parse_args()
kind = {'udp': socket.SOCK_DGRAM, 'tcp': socket.SOCK_STREAM}[args.protocol]
line = input('sentence? ') + '\n'
requested = datetime.datetime.now().astimezone()
with socket.socket(socket.AF_INET, kind) as sock:
    sock.settimeout(2)
    sock.connect((args.host, args.port))
    sent = datetime.datetime.now().astimezone()
    start = time.perf_counter_ns()
    try:
        sock.sendall(line.encode())
        reply = sock.recv(2048) if args.protocol == 'udp' else sock.makefile('rb').readline()
    except (TimeoutError, ConnectionRefusedError) as error:
        raise SystemExit(f'no reply: {error}')
    rtt = (time.perf_counter_ns() - start) / 1e6
    received = datetime.datetime.now().astimezone()
if args.protocol == 'tcp':
    print('connection requested', requested.isoformat())
print('sent', sent.isoformat(), 'received', received.isoformat())
print(f'{reply.decode().strip()} ({rtt:.3f} ms)')
