#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void show(const char *what, struct timeval t)
{
    char text[64];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime(&t.tv_sec));
    printf("%s: %s.%06ld\n", what, text, (long)t.tv_usec);
}

int main(int argc, char **argv)
{
    int tcp = strcmp(argv[1], "tcp") == 0;
    struct sockaddr_in to = {0};
    struct timeval requested, sent, received;
    char line[256], reply[256];
    int s = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    to.sin_family = AF_INET;
    inet_aton(argv[2], &to.sin_addr);
    to.sin_port = htons(atoi(argv[3]));
    printf("Input lowercase sentence: ");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    line[strcspn(line, "\n")] = 0;
    gettimeofday(&requested, NULL);
    if (connect(s, (struct sockaddr *)&to, sizeof to) < 0) {
        perror("connect");
        return 1;
    }
    gettimeofday(&sent, NULL);
    send(s, line, strlen(line) + 1, 0);
    int n = recv(s, reply, sizeof reply - 1, 0);
    gettimeofday(&received, NULL);
    if (n < 0) {
        perror("recv");
        return 1;
    }
    reply[n] = 0;
    if (tcp)
        show("connection requested", requested);
    show("sent", sent);
    show("received", received);
    printf("From server: %s\n", reply);
    printf("RTT = %.3f ms\n", (received.tv_sec - sent.tv_sec) * 1e3 + (received.tv_usec - sent.tv_usec) / 1e3);
    close(s);
    return 0;
}
