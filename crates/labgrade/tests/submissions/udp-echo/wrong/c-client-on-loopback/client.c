#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Binds its own end to 127.0.0.1, and looks at no error. */
int main(int argc, char **argv)
{
    char line[2048], reply[2049];
    struct sockaddr_in own = { .sin_family = AF_INET }, server = { .sin_family = AF_INET };
    int sock = socket(AF_INET, SOCK_DGRAM, 0);

    if (argc < 3)
        return 2;
    inet_pton(AF_INET, "127.0.0.1", &own.sin_addr);
    bind(sock, (struct sockaddr *)&own, sizeof own);
    inet_pton(AF_INET, argv[1], &server.sin_addr);
    server.sin_port = htons(atoi(argv[2]));
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        sendto(sock, line, strlen(line), 0, (struct sockaddr *)&server, sizeof server);
        ssize_t size = recvfrom(sock, reply, sizeof reply - 1, 0, NULL, NULL);
        if (size < 0)
            return 1;
        reply[size] = 0;
        printf("From server: %s\n", reply);
        fflush(stdout);
    }
    return 0;
}
