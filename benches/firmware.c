/* The smallest program with a TLS connection: what its size says is what a device stores. */
#include "peer.h"

#include <string.h>

int main(int argc, char *argv[])
{
    char line[64];
    uintptr_t handle;
    int got;

    if (argc != 5) {
        return 2;
    }
    g_cli_crt = argv[2];
    g_cli_key = argv[3];
    handle = HAL_SSL_Establish(argv[1], 443, argv[4], (uint32_t)strlen(argv[4]) + 1);
    if (handle == 0) {
        return 1;
    }
    HAL_SSL_Write(handle, "hello\n", 6, 1000);
    got = HAL_SSL_Read(handle, line, sizeof(line), 1000);
    HAL_SSL_Destroy(handle);
    return got > 0 ? 0 : 1;
}
