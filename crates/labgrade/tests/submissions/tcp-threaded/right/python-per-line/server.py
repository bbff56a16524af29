import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            self.wfile.write(line.strip().upper() + b'\r\n')


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


with Server(('', int(sys.argv[1])), Handler) as server:
    server.serve_forever()
