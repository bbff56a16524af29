import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('10.0.3.1', 8000))
print('Server is ready to receive on 10.0.3.1:8000')
while 1:
    data, addr = sock.recvfrom(2048)
    print('Got message from', addr)
    sock.sendto(data.upper(), addr)
