import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            text = line.strip()
            self.wfile.write((b'I received %d chars: %s' % (len(text), text)).ljust(1024, b'\0'))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(('', int(sys.argv[1])), Handler) as server:
    server.serve_forever()
