import selectors
import socket
import sys

selector = selectors.DefaultSelector()
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            selector.register(listener.accept()[0], selectors.EVENT_READ)
            continue
        data = key.fileobj.recv(4096)
        if data:
            key.fileobj.sendall(data.upper())
        else:
            selector.unregister(key.fileobj)
            key.fileobj.close()
