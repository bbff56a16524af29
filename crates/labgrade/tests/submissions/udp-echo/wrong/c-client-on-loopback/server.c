#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    char buffer[2048];
    struct sockaddr_in address = { .sin_family = AF_INET }, client;
    int sock = socket(AF_INET, SOCK_DGRAM, 0);

    address.sin_port = htons(argc > 1 ? atoi(argv[1]) : 25000);
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(sock, (struct sockaddr *)&address, sizeof address) < 0)
        return 1;
    for (;;) {
        socklen_t length = sizeof client;
        ssize_t size = recvfrom(sock, buffer, sizeof buffer, 0, (struct sockaddr *)&client, &length);
        for (ssize_t at = 0; at < size; at++)
            buffer[at] = toupper((unsigned char)buffer[at]);
        if (size >= 0)
            sendto(sock, buffer, size, 0, (struct sockaddr *)&client, length);
    }
}
