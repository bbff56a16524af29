import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('0.0.0.0', 8000))
print('Server is ready to receive')
while True:
    text, client = server.recvfrom(2048)
    print('Got message from', client)
    server.sendto(text.upper(), client)
