#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
    int listenfd = socket(AF_INET, SOCK_STREAM, 0);
    char buffer[1024];

    bind(listenfd, (struct sockaddr *)&address, sizeof address);
    listen(listenfd, 5);
    for (;;) {
        int connfd = accept(listenfd, NULL, NULL);
        ssize_t size = recv(listenfd, buffer, sizeof buffer, 0);

        if (size < 0)
            perror("recv");
        for (ssize_t i = 0; i < size; i++)
            buffer[i] = toupper(buffer[i]);
        send(connfd, buffer, size, 0);
        close(connfd);
    }
}
