import argparse
import socketserver


class Upper(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        print(self.client_address, 'wrote', data)
        sock.sendto(data.upper(), self.client_address)


parser = argparse.ArgumentParser()
parser.add_argument('--port', type=int, default=9999)
port = parser.parse_args().port
with socketserver.ThreadingUDPServer(('127.0.0.1', port), Upper) as server:
    server.serve_forever()
