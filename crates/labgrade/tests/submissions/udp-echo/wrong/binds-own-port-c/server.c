#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#define PORT 8888

int main(int argc, char **argv)
{
    struct sockaddr_in me = {0}, other;
    char buf[2048];
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (argc < 3) {
        printf("usage: server address port\n");
        return 1;
    }
    me.sin_family = AF_INET;
    me.sin_port = htons(PORT);
    me.sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(s, (struct sockaddr *)&me, sizeof me)) {
        perror("bind");
        return 1;
    }
    for (;;) {
        socklen_t len = sizeof other;
        int n = recvfrom(s, buf, sizeof buf, 0, (struct sockaddr *)&other, &len);
        for (int i = 0; i < n; i++)
            buf[i] = toupper((unsigned char)buf[i]);
        sendto(s, buf, n, 0, (struct sockaddr *)&other, len);
    }
}
