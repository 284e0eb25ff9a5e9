#include "linksdk_hal.h"

int library_destroy(void);

int main(void)
{
    return library_destroy() != 0 || HAL_SSL_Destroy(0) != 0;
}
