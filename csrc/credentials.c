/*
 * The device's certificate and key: PEM text with a NUL at its end, read at each connection.
 *
 * Weak, so that firmware may define them itself, in an object file of its own; or it assigns them
 * at run time. NULL means that the device has none. Nothing is shipped here, because a private key
 * that everybody has authenticates nobody.
 */
#include <stddef.h>

extern const char *g_cli_crt;
extern const char *g_cli_key;

__attribute__((weak)) const char *g_cli_crt = NULL;
__attribute__((weak)) const char *g_cli_key = NULL;
