/* Functions that the C servers share: the upper-case transform, and a socket bound to a free port on loopback. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *call) {
    perror(call);
    exit(1);
}

static void uppercase(unsigned char *bytes, ssize_t size) {
    for (ssize_t at = 0; at < size; at++) {
        unsigned char letter = (unsigned char)(bytes[at] - 'a') < 26;
        bytes[at] ^= letter << 5;
    }
}

static int bound_socket(int type) {
    int descriptor = socket(AF_INET, type, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (descriptor < 0)
        fail("socket");
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        fail("bind");
    if (type == SOCK_STREAM && listen(descriptor, 4096) < 0)
        fail("listen");
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) < 0)
        fail("getsockname");
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return descriptor;
}

/* Sends back everything that arrives, until the client closes. */
static inline void serve_connection(int connection, unsigned char *buffer, size_t room) {
    int on = 1;
    ssize_t size;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while ((size = recv(connection, buffer, room, 0)) > 0) {
        uppercase(buffer, size);
        for (ssize_t sent = 0, now; sent < size; sent += now)
            if ((now = send(connection, buffer + sent, size - sent, MSG_NOSIGNAL)) < 0)
                goto end;
    }
end:
    close(connection);
}
