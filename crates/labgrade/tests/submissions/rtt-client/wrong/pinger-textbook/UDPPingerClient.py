import time
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
clientSocket.settimeout(1)
for i in range(1, 11):
    sendTime = time.time()
    message = 'Ping ' + str(i) + ' ' + str(time.strftime('%H:%M:%S'))
    clientSocket.sendto(message.encode(), ('127.0.0.1', 12000))
    try:
        reply, address = clientSocket.recvfrom(1024)
        rtt = time.time() - sendTime
        print('Reply from', address[0], ':', reply.decode())
        print('RTT:', rtt)
    except timeout:
        print('Request timed out')
clientSocket.close()
