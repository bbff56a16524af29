import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        total = 0
        for line in self.rfile:
            text = line.strip()
            total += len(text)
            self.wfile.write(b'I received %d chars: %s\n' % (total, text))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(('', int(sys.argv[1])), Handler) as server:
    server.serve_forever()
