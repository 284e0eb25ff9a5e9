/* What any application does first: it proves that the installed package compiles and links. */
#include <stdio.h>
#include <string.h>

#include "infra_compat.h"
#include "dev_sign_api.h"
#include "mqtt_api.h"
#include "wrappers.h"

#include "linksdk_hal.h"

static int on_identity(const char *payload)
{
    return printf("%s\n", payload) < 0;
}

int main(void)
{
    char stored[IOTX_PRODUCT_KEY_LEN + 1] = "";
    char product_key[] = "a1Consumer0";

    IOT_RegisterCallback(ITE_IDENTITY_RESPONSE, on_identity);
    if (IOT_Ioctl(IOTX_IOCTL_SET_PRODUCT_KEY, product_key) != 0
        || IOT_Ioctl(IOTX_IOCTL_GET_PRODUCT_KEY, stored) != 0) {
        return 1;
    }
    if (HAL_SSL_Establish(NULL, 0, NULL, 0) != 0) {
        return 1;
    }
    puts(stored);
    return strcmp(stored, product_key) != 0;
}
