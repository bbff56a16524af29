# Builds 3 GiB.
import os, time

for number in range(48):
    with open(f"large-{number}", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 64 << 20)
    time.sleep(0.05)
