/* A minimal program that measures round-trip times: one request, one reply, and two readings of the clock.
 *
 * usage: ping-pong udp|tcp PORT COUNT
 *
 * Sends COUNT requests of 32 bytes to 127.0.0.1, each after the reply to the previous one, and prints the median
 * round-trip time in nanoseconds.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SIZE = 32 };

static void check(int ok, const char *step) {
    if (!ok) {
        perror(step);
        exit(1);
    }
}

static long long now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("usage: ping-pong udp|tcp PORT COUNT\n", stderr);
        return 2;
    }
    int tcp = strcmp(argv[1], "tcp") == 0;
    long count = atol(argv[3]);
    long long *rtts_ns = count > 0 ? malloc(count * sizeof *rtts_ns) : NULL;
    check(rtts_ns != NULL, "malloc");

    int peer = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    check(peer >= 0, "socket");
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(connect(peer, (struct sockaddr *)&server, sizeof server) == 0, "connect");
    int on = 1;
    check(!tcp || setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "setsockopt");

    char request[SIZE], reply[65535];
    memset(request, 'a', SIZE);
    request[SIZE - 1] = tcp ? '\n' : 'a';
    for (long at = 0; at < count; at++) {
        long long sent_ns = now_ns();
        check(send(peer, request, SIZE, 0) == SIZE, "send");
        for (ssize_t got = 0; got < SIZE;) {
            ssize_t size = recv(peer, reply, sizeof reply, 0);
            check(size > 0, "recv");
            got += size;
        }
        rtts_ns[at] = now_ns() - sent_ns;
    }
    qsort(rtts_ns, count, sizeof *rtts_ns, ascending);
    printf("%lld\n", (rtts_ns[(count - 1) / 2] + rtts_ns[count / 2]) / 2);
    return 0;
}
