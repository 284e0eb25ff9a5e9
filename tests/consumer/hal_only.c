/* Firmware that keeps the Link SDK and takes the TLS HAL only. */
#include "linksdk_hal.h"

int main(void)
{
    char byte;

    if (HAL_SSL_Establish(0, 0, 0, 0) != 0) {
        return 1;
    }
    return HAL_SSL_Read(0, &byte, 1, 0) >= 0 || HAL_SSL_Destroy(0) != 0;
}
