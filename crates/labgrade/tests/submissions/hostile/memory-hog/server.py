# Takes all the memory that it can get, in several processes, and keeps it.
import os, time

for _ in range(3):
    if os.fork() == 0:
        break
kept = []
try:
    while True:
        kept.append(bytearray(b"x" * (16 << 20)))
except MemoryError:
    pass
time.sleep(100_000)
