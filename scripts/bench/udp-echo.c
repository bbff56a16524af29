/* A minimal UDP echo in upper case, close to what the kernel allows. */
#include "echo.h"

int main(void) {
    static unsigned char buffer[65536];
    int descriptor = bound_socket(SOCK_DGRAM);
    for (;;) {
        struct sockaddr_storage client;
        socklen_t length = sizeof client;
        ssize_t size = recvfrom(descriptor, buffer, sizeof buffer, 0, (struct sockaddr *)&client, &length);
        if (size < 0)
            continue;
        uppercase(buffer, size);
        sendto(descriptor, buffer, size, 0, (struct sockaddr *)&client, length);
    }
}
