/* A minimal TCP echo in upper case that serves one client at a time. */
#include "echo.h"

int main(void) {
    static unsigned char buffer[65536];
    int listener = bound_socket(SOCK_STREAM);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0)
            serve_connection(connection, buffer, sizeof buffer);
    }
}
