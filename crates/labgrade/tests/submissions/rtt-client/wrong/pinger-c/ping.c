#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    struct timeval second = {1, 0};
    struct sockaddr_in to = {0};
    char text[64];
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    to.sin_family = AF_INET;
    to.sin_port = htons(atoi(argv[2]));
    inet_aton(argv[1], &to.sin_addr);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    for (int i = 1; i <= 4; i++) {
        double start = now_ms();
        int n = sprintf(text, "ping %d", i);
        sendto(s, text, n, 0, (struct sockaddr *)&to, sizeof to);
        if (recv(s, text, sizeof text, 0) < 0)
            printf("ping %d: lost\n", i);
        else
            printf("ping %d: rtt = %.2f ms\n", i, now_ms() - start);
    }
    return 0;
}
