import sys
import time
from datetime import datetime
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
message = input('Input lowercase sentence:')
sendTime = time.time()
print('Request sent at', datetime.fromtimestamp(sendTime))
clientSocket.sendto(message.encode(), (sys.argv[1], int(sys.argv[2])))
modifiedMessage, serverAddress = clientSocket.recvfrom(2048)
receiveTime = time.time()
print('From Server:', modifiedMessage.decode())
print('Reply received at', datetime.fromtimestamp(receiveTime))
print('RTT:', receiveTime - sendTime)
clientSocket.close()
