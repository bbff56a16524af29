"""TCP echo in upper case with a thread per client, using the class that Python has for it."""
import socketserver


class Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while message := self.request.recv(65536):
                self.request.sendall(message.upper())
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 4096


with Server(("127.0.0.1", 0), Conversation) as server:
    print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
