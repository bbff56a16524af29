import os
import socketserver
import sys


class Web(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            request = self.rfile.readline().decode('latin-1').split()
            if len(request) != 3:
                return
            close = False
            while (line := self.rfile.readline()) not in (b'\r\n', b''):
                close = close or line.lower().startswith(b'connection: close')
            path = os.path.realpath('.' + request[1])
            if path.startswith(os.path.realpath('.') + os.sep) and os.path.isfile(path):
                status, body = '200 OK', open(path, 'rb').read()
            else:
                status, body = '404 Not Found', b'<h1>There is no such page.</h1>'
            self.wfile.write(f'HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n'.encode() + body)
            if close:
                return


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('', int(sys.argv[1])), Web).serve_forever()
