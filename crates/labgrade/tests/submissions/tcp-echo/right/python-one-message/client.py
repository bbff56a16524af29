import socket
import sys

connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
connection.connect((sys.argv[1], 8000))
text = input('Enter the text message: ')
connection.send(text.encode())
print('From Server:', connection.recv(2048).decode())
connection.close()
