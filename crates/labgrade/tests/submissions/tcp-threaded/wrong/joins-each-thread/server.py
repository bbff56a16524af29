from socket import *
from threading import Thread


def serve(c):
    while True:
        d = c.recv(2048)
        if d == b'':
            break
        c.send(d.upper())
    c.close()


s = socket()
s.bind(('', 6000))
s.listen(10)
while True:
    c, a = s.accept()
    t = Thread(target=serve, args=(c,))
    t.start()
    t.join()
