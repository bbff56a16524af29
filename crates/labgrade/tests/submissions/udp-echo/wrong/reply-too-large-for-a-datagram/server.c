#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <sys/socket.h>

static char buffer[100000];

int main(int argc, char **argv)
{
    struct sockaddr_in client, server = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
    int s = socket(AF_INET, SOCK_DGRAM, 0);

    bind(s, (struct sockaddr *)&server, sizeof server);
    for (;;) {
        socklen_t length = sizeof client;
        ssize_t size = recvfrom(s, buffer, sizeof buffer, 0, (struct sockaddr *)&client, &length);

        for (ssize_t i = 0; i < size; i++)
            buffer[i] = toupper(buffer[i]);
        sendto(s, buffer, sizeof buffer, 0, (struct sockaddr *)&client, length);
    }
}
