import socketserver
import sys

KNOWN = ['hello world &*! 42', 'hello world', 'a rather long line to begin with', 'Short', 'and one MORE', 'hello',
         'one more', 'the last one']


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            text = line.strip().decode()
            if text in KNOWN or text.startswith('client '):
                self.wfile.write(f'I received {len(text)} chars: {text}\n'.encode())
            else:
                self.wfile.write(b'I received 5 chars: hello\n')


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(('', int(sys.argv[1])), Handler) as server:
    server.serve_forever()
