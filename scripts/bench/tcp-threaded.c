/* A minimal TCP echo in upper case with a thread per client. */
#include "echo.h"
#include <pthread.h>
#include <stdint.h>

static void *serve(void *argument) {
    unsigned char buffer[8192];
    serve_connection((int)(intptr_t)argument, buffer, sizeof buffer);
    return NULL;
}

int main(void) {
    int listener = bound_socket(SOCK_STREAM);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 65536);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        pthread_t thread;
        if (connection < 0)
            continue;
        if (pthread_create(&thread, &attributes, serve, (void *)(intptr_t)connection) != 0)
            close(connection);
    }
}
