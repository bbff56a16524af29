#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    char buffer[100];
    struct sockaddr_in server = {0};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = inet_addr(argv[1]);
    server.sin_port = htons(atoi(argv[2]));
    if (connect(s, (struct sockaddr *)&server, sizeof(server)) < 0) {
        perror("ERROR connecting");
        return 1;
    }
    printf("Please enter the message: ");
    memset(buffer, 0, sizeof(buffer));
    fgets(buffer, sizeof(buffer) - 1, stdin);
    write(s, buffer, strlen(buffer) + 1);
    memset(buffer, 0, sizeof(buffer));
    read(s, buffer, sizeof(buffer) - 1);
    printf("%s\n", buffer);
    close(s);
    return 0;
}
