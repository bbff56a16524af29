import socketserver
import sys


class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(('', int(sys.argv[1])), Upper).serve_forever()
