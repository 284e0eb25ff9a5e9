/* Prints the certificate that the program was built with, and checks that the library sees it. */
#include <stdio.h>

#include "linksdk_hal.h"

int main(void)
{
    if (HAL_SSL_Destroy(0) != 0 || g_cli_crt == NULL || g_cli_key == NULL) {
        return 1;
    }
    fputs(g_cli_crt, stdout);
    return 0;
}
