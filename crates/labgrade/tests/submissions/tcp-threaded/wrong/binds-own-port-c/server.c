#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_in a = {0};
    int yes = 1, l = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGCHLD, SIG_IGN);
    setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    a.sin_family = AF_INET;
    a.sin_port = htons(25000);
    if (bind(l, (struct sockaddr *)&a, sizeof a) || listen(l, 8)) {
        perror("server");
        return 1;
    }
    for (;;) {
        int c = accept(l, NULL, NULL);
        if (fork() == 0) {
            char text[256];
            int n;
            close(l);
            while ((n = read(c, text, sizeof text)) > 0) {
                for (int i = 0; i < n; i++)
                    text[i] = toupper((unsigned char)text[i]);
                write(c, text, n);
            }
            exit(0);
        }
        close(c);
    }
}
