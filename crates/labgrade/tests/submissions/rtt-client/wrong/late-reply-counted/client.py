import argparse
import datetime
import statistics
import socket
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument('protocol', choices=['udp', 'tcp'])
parser.add_argument('words', nargs='+')
parser.add_argument('-m')
parser.add_argument('--count', type=int, default=1)
parser.add_argument('--interval', default='200ms')
parser.add_argument('--timeout', default='1s')
args = parser.parse_intermixed_args()


def seconds(text):
    return float(text[:-2]) / 1000 if text.endswith('ms') else float(text[:-1])


def now():
    return datetime.datetime.now().astimezone().isoformat(' ', 'microseconds').replace('+', ' +')


tcp = args.protocol == 'tcp'
text = args.m or sys.stdin.readline().rstrip('\n')
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
sock.settimeout(seconds(args.timeout))
if tcp:
    print('TCP: connection requested', now())
sock.connect((args.words[-2], int(args.words[-1])))
lines = sock.makefile('rb') if tcp else None
rtts = []
for number in range(1, args.count + 1):
    due = time.monotonic() + seconds(args.interval)
    sent, start = now(), time.monotonic()
    try:
        sock.sendall(f'{number} {text}'.encode() + b'\n' * tcp)
        reply = lines.readline() if tcp else sock.recv(65535)
        rtts.append((time.monotonic() - start) * 1000)
        print(reply.decode().strip())
        print(f'{args.protocol.upper()} {number}: sent {sent}, received {now()}, RTT {rtts[-1]:.3f} ms')
    except OSError as error:
        print(f'{args.protocol.upper()} {number}: no reply, {error} (refused or timed out)')
    if number < args.count:
        time.sleep(max(0, due - time.monotonic()))
print('sent', args.count)
print('received', len(rtts))
print('lost', args.count - len(rtts))
if rtts:
    for name, figure in [('minimum', min), ('mean', statistics.mean), ('median', statistics.median), ('maximum', max)]:
        print(name, f'{figure(rtts):.3f}')
