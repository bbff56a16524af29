#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct sockaddr_in server = {0};
    char buf[100];
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (argc < 3) {
        printf("usage: client address port\n");
        return 1;
    }
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &server.sin_addr);
    printf("Enter message : ");
    if (!fgets(buf, sizeof buf, stdin))
        return 0;
    buf[strcspn(buf, "\n")] = 0;
    sendto(s, buf, strlen(buf), 0, (struct sockaddr *)&server, sizeof server);
    memset(buf, 0, sizeof buf);
    recvfrom(s, buf, sizeof buf - 1, 0, NULL, NULL);
    puts(buf);
    return 0;
}
