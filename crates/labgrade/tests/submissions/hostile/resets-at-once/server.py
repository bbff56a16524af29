# Says that it listens where nobody can reach it.
import time

print("listening on [2001:db8::1]:7", flush=True)
time.sleep(100_000)
