import socketserver
import sys


class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        print('hi', self.client_address)
        for line in self.rfile:
            self.wfile.write(line.upper())
        print('bye', self.client_address)


socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer((sys.argv[1], int(sys.argv[2])), Upper).serve_forever()
