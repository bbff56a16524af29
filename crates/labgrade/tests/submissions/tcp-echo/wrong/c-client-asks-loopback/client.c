#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char line[1024], reply[1025];
    struct sockaddr_in server = { .sin_family = AF_INET };
    int sock = socket(AF_INET, SOCK_STREAM, 0);

    server.sin_port = htons(argc > 1 ? atoi(argv[1]) : 25000);
    server.sin_addr.s_addr = inet_addr("127.0.0.1");
    if (!fgets(line, sizeof line, stdin))
        return 1;
    if (connect(sock, (struct sockaddr *)&server, sizeof server) < 0)
        return 1;
    if (write(sock, line, strlen(line)) < 0)
        return 1;
    ssize_t size = read(sock, reply, sizeof reply - 1);
    reply[size < 0 ? 0 : size] = 0;
    printf("From Server: %s", reply);
    return 0;
}
