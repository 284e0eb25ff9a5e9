/* The engine rustls alone: bare/src/lib.rs holds the functions, firmware the credentials. */
#include "peer.h"

const char *g_cli_crt;
const char *g_cli_key;
