#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *argument)
{
    int client = *(int *)argument;
    char text[100], reply[200];
    ssize_t size;
    free(argument);
    while ((size = recv(client, text, sizeof text - 1, 0)) > 0) {
        text[size] = '\0';
        snprintf(reply, sizeof reply, "I received %zd chars: %s", size, text);
        send(client, reply, strlen(reply), 0);
    }
    close(client);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {0};
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (argc < 2)
        return 2;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons((unsigned short)atoi(argv[1]));
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 10) < 0) {
        perror("server");
        return 1;
    }
    for (;;) {
        int *client = malloc(sizeof *client);
        pthread_t thread;
        *client = accept(listener, NULL, NULL);
        pthread_create(&thread, NULL, serve, client);
        pthread_detach(thread);
    }
}
