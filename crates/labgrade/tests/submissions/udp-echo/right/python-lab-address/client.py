import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
msg = input('Enter the text message: ')
sock.sendto(bytes(msg, 'utf-8'), ('rpi-a', 8000))
data, addr = sock.recvfrom(2048)
print('From Server:', data)
sock.close()
