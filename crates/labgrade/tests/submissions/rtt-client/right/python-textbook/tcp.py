import sys
import time
from datetime import datetime
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
print('Connection requested at', datetime.now())
clientSocket.connect((sys.argv[1], int(sys.argv[2])))
sentence = input('Input lowercase sentence:')
sendTime = time.time()
print('Request sent at', datetime.fromtimestamp(sendTime))
clientSocket.send(sentence.encode())
modifiedSentence = clientSocket.recv(1024)
receiveTime = time.time()
print('From Server:', modifiedSentence.decode())
print('Reply received at', datetime.fromtimestamp(receiveTime))
print('RTT:', receiveTime - sendTime)
clientSocket.close()
