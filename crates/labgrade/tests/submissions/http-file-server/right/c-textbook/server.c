#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say(int c, const char *text) { write(c, text, strlen(text)); }

int main(int argc, char **argv)
{
    struct sockaddr_in a = {0};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_family = AF_INET;
    a.sin_port = htons(argc > 1 ? atoi(argv[1]) : 8080);
    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 5) < 0) {
        perror("bind or listen");
        return 1;
    }
    for (;;) {
        char request[2048], name[256], block[512];
        size_t n;
        int c = accept(s, NULL, NULL);
        n = read(c, request, sizeof request - 1);
        request[n] = 0;
        if (sscanf(request, "GET /%255s", name) == 1 && !strstr(name, "..")) {
            FILE *f = fopen(name, "rb");
            if (f) {
                say(c, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n");
                while ((n = fread(block, 1, sizeof block, f)) > 0)
                    write(c, block, n);
                fclose(f);
                close(c);
                continue;
            }
        }
        say(c, "HTTP/1.0 404 Not Found\r\n\r\nnot here\n");
        close(c);
    }
}
