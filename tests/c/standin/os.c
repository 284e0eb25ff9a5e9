/* The part of the operating system layer that the MQTT client of profile mqtt asks for. */
#include <string.h>

int HAL_GetFirmwareVersion(char *version);

int HAL_GetFirmwareVersion(char *version)
{
    strcpy(version, "standin-1.2.3");
    return (int)strlen(version);
}
