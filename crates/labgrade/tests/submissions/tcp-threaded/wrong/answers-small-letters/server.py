import socketserver
import sys


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1024):
            self.request.sendall(data.swapcase())


socketserver.ThreadingTCPServer(('', int(sys.argv[1])), Handler).serve_forever()
