/* The device's credentials as firmware defines them. */
extern const char *g_cli_crt;
extern const char *g_cli_key;
const char *g_cli_crt = "device";
const char *g_cli_key = "device";
