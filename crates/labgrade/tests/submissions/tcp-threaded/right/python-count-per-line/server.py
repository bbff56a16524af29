import socketserver
import threading


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        thread = threading.current_thread().name
        for line in self.rfile:
            text = line.decode().rstrip('\r\n')
            self.wfile.write(f'{thread}: "{text}" has {len(text)} characters\r\n'.encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(('127.0.0.1', 5000), Handler) as server:
    server.serve_forever()
