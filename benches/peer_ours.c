/* The library of this repository: the HAL is its own, only the choice of the version is added. */
#include "linksdk_hal.h"

int peer_offer(int version)
{
    return linksdk_set_tls_versions(version, version) == 0 ? 0 : -1;
}
