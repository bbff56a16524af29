import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for number, line in enumerate(self.rfile):
            text = line.strip()
            if number % 2:
                self.wfile.write(text.upper() + b'\n')
            else:
                self.wfile.write(b'I received %d chars: %s\n' % (len(text), text))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(('', int(sys.argv[1])), Handler) as server:
    server.serve_forever()
