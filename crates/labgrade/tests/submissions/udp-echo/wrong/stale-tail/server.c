#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char *argv[])
{
    char msg[512] = "";
    struct sockaddr_in addr = {0}, cli;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    addr.sin_family = AF_INET;
    addr.sin_port = htons(atoi(argv[1]));
    bind(fd, (struct sockaddr *)&addr, sizeof(addr));
    while (1) {
        socklen_t n = sizeof(cli);
        recvfrom(fd, msg, sizeof(msg) - 1, 0, (struct sockaddr *)&cli, &n);
        for (char *p = msg; *p != '\0'; p++)
            *p = toupper(*p);
        sendto(fd, msg, strlen(msg), 0, (struct sockaddr *)&cli, n);
    }
}
