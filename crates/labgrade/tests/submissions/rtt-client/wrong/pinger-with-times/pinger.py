import argparse
import datetime
import socket
import time

parser = argparse.ArgumentParser()
parser.add_argument('--host')
parser.add_argument('--port', type=int)
args = parser.parse_args()
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((args.host, args.port))
sock.settimeout(0.8)
times = []
for number in range(6):
    line = f'request {number}\n'
    print('sent at', datetime.datetime.now())
    start = time.perf_counter_ns()
    try:
        sock.send(line.encode())
        while sock.recv(2048) != line.upper().encode():
            pass
    except (TimeoutError, ConnectionRefusedError) as error:
        print('  no reply:', error)
        time.sleep(0.2)
        continue
    times.append((time.perf_counter_ns() - start) / 1e6)
    print('received at', datetime.datetime.now(), f'after {times[-1]:.3f} ms')
print(f'{len(times)} of 6 answered')
if times:
    print(f'minimum {min(times):.3f} ms, maximum {max(times):.3f} ms, mean {sum(times) / len(times):.3f} ms')
