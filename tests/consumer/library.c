/* A part of the firmware in a static library of its own, which uses the package too. */
#include "linksdk_hal.h"

int library_destroy(void);

int library_destroy(void)
{
    return HAL_SSL_Destroy(0);
}
