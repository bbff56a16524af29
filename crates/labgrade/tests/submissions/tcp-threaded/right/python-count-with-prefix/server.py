import socketserver
import sys
import threading
import time


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        client = self.server.next_number()
        thread = threading.get_ident()
        for line in self.rfile:
            text = line.decode().strip()
            now = time.strftime('%Y-%m-%d %H:%M:%S')
            prefix = f'[{now}] {self.client_address} client {client} (thread {thread})'
            self.wfile.write(f'{prefix}: I received {len(text)} chars: {text}\n'.encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50
    clients = 0
    lock = threading.Lock()

    def next_number(self):
        with self.lock:
            self.clients += 1
            return self.clients


with Server(('', int(sys.argv[1])), Handler) as server:
    server.serve_forever()
