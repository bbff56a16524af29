from socket import *

sock = socket(AF_INET, SOCK_DGRAM)
sock.bind(('', 12000))
while True:
    buffer = bytearray(256)
    n, addr = sock.recvfrom_into(buffer)
    sock.sendto(bytes(buffer).upper(), addr)
