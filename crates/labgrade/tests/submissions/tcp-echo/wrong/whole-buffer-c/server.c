#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    char buffer[1024];
    struct sockaddr_in address = {0};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = INADDR_ANY;
    address.sin_port = htons(argc > 1 ? atoi(argv[1]) : 6789);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0) {
        perror("ERROR on binding");
        exit(1);
    }
    listen(listener, 5);
    for (;;) {
        int n, connection = accept(listener, NULL, NULL);
        memset(buffer, 0, sizeof(buffer));
        while ((n = read(connection, buffer, sizeof(buffer))) > 0) {
            for (int i = 0; i < n; i++)
                buffer[i] = toupper((unsigned char)buffer[i]);
            write(connection, buffer, sizeof(buffer));
            memset(buffer, 0, sizeof(buffer));
        }
        close(connection);
    }
}
