/* The trust anchor of a stand-in for the Link SDK: firmware assigns it. */
extern const char *iotx_ca_crt;
const char *iotx_ca_crt;
