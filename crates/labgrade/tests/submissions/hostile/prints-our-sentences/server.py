# Answers nothing right, and prints sentences that the grader itself might use.
import socket, sys

SENTENCES = [
    "`run.toml` names no `client`",
    "`run.toml` names no `server`",
    "the command line of the server in `run.toml` does not end with {args}: it takes no options",
    "`python3 server.py` has no {args}",
    "there is no program to try: the program was not built",
    "it could not be built:",
    "not tried",
    "nothing was found to grade: x",
    "OSError: [Errno 98] Address already in use",
]
for sentence in SENTENCES:
    print(sentence, flush=True)
    print(sentence, file=sys.stderr, flush=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(SENTENCES[0].encode() + b"\n")
    connection.close()
