#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in a = {0};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_family = AF_INET;
    a.sin_port = htons(atoi(argv[1]));
    bind(s, (struct sockaddr *)&a, sizeof a);
    listen(s, 5);
    while (1) {
        char request[2048] = "", name[256] = "", page[4096] = "";
        int c = accept(s, NULL, NULL);
        read(c, request, sizeof request - 1);
        sscanf(request, "GET /%255s", name);
        FILE *f = fopen(name, "r");
        if (f) {
            fread(page, 1, sizeof page - 1, f);
            fclose(f);
            dprintf(c, "HTTP/1.1 200 OK\r\n\r\n");
            dprintf(c, page, 1, 2, 3, 4, 5, 6);
        } else {
            dprintf(c, "HTTP/1.1 404 Not Found\r\n\r\n<h1>404</h1>");
        }
        close(c);
    }
}
