/* The least that a TCP echo in upper case for one client at a time can be. */
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
