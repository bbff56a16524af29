import sys
import socket

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(('0.0.0.0', int(sys.argv[1])))
while True:
    data, addr = receiver.recvfrom(2048)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(data.upper(), addr)
    sender.close()
