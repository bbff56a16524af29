import socket
import sys

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
text = input('Enter the text message: ')
client.sendto(text.encode(), (sys.argv[1], 8000))
reply, server = client.recvfrom(2048)
print('From Server:', reply.decode())
client.close()
