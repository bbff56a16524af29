#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BUFLEN 100

int main(int argc, char **argv)
{
    struct sockaddr_in me = {0}, other;
    char buf[BUFLEN];
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    me.sin_family = AF_INET;
    me.sin_port = htons(argc > 1 ? atoi(argv[1]) : 8888);
    me.sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(s, (struct sockaddr *)&me, sizeof me) == -1) {
        perror("bind");
        return 1;
    }
    for (;;) {
        socklen_t len = sizeof other;
        int n = recvfrom(s, buf, BUFLEN, 0, (struct sockaddr *)&other, &len);
        for (int i = 0; i < n; i++)
            buf[i] = toupper((unsigned char)buf[i]);
        sendto(s, buf, n, 0, (struct sockaddr *)&other, len);
    }
}
