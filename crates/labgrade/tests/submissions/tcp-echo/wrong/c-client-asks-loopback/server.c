#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char buffer[2048];
    struct sockaddr_in address = { .sin_family = AF_INET };
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons(argc > 1 ? atoi(argv[1]) : 25000);
    address.sin_addr.s_addr = inet_addr("127.0.0.1");
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 5) < 0)
        return 1;
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        ssize_t size = read(connection, buffer, sizeof buffer);
        for (ssize_t at = 0; at < size; at++)
            buffer[at] = toupper((unsigned char)buffer[at]);
        if (size > 0 && write(connection, buffer, size) < 0)
            return 1;
        close(connection);
    }
}
