/*
 * The registry of a stand-in for the Link SDK: callbacks in numbered slots, registered by name.
 *
 * STANDIN_FIRST is the number of the first event of interest. In the SDK these numbers depend on its
 * version and switches; here the same source gives two libraries with different numbers.
 */
#include <stdarg.h>
#include <stdio.h>

enum {
    CONNECT_SUCC = STANDIN_FIRST,
    DYNREG_DEVICE_SECRET,
    IDENTITY_RESPONSE,
    STATE_EVERYTHING,
    STATE_USER_INPUT,
    STATE_SYS_DEPEND,
    STATE_MQTT_COMM,
    EVENTS
};

typedef int (*any_callback)(void);
typedef int (*state_handler)(const int code, const char *message);

static any_callback callbacks[EVENTS];

/* A callback that was there before the client looks around, as a device model has. */
static int occupied(void)
{
    return 0;
}

static any_callback *slot(int event)
{
    if (callbacks[0] == NULL) {
        for (int i = 0; i < STANDIN_FIRST; i++) {
            callbacks[i] = occupied;
        }
    }
    return &callbacks[event];
}

static any_callback meanwhile;
static int registrations;

/* What another thread registers for ITE_MQTT_CONNECT_SUCC while the client looks for its number: as
 * soon as the client has seen there what it registered itself. */
void standin_register_meanwhile(any_callback callback);
void standin_register_meanwhile(any_callback callback)
{
    meanwhile = callback;
    registrations = 0;
}

void *iotx_event_callback(int event)
{
    any_callback found = event < 0 || event >= EVENTS ? NULL : *slot(event);

    if (event == CONNECT_SUCC && meanwhile != NULL && registrations == 1) {
        *slot(CONNECT_SUCC) = meanwhile;
        meanwhile = NULL;
    }
    return (void *)found;
}

int iotx_state_event(const int event, const int code, const char *format, ...)
{
    char message[64] = "";
    state_handler own = (state_handler)iotx_event_callback(event);
    state_handler everything = (state_handler)iotx_event_callback(STATE_EVERYTHING);
    va_list arguments;

    if (own == NULL) {
        return -1;
    }
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    own(code, message);
    if (everything != NULL && everything != own) {
        everything(code, message);
    }
    return 0;
}

#define REGISTER(name)                                          \
    int iotx_register_for_ITE_##name(any_callback callback);    \
    int iotx_register_for_ITE_##name(any_callback callback)     \
    {                                                           \
        *slot(name) = callback;                                 \
        return 0;                                               \
    }

int iotx_register_for_ITE_MQTT_CONNECT_SUCC(any_callback callback);
int iotx_register_for_ITE_MQTT_CONNECT_SUCC(any_callback callback)
{
    *slot(CONNECT_SUCC) = callback;
    registrations++;
    return 0;
}

REGISTER(DYNREG_DEVICE_SECRET)
REGISTER(IDENTITY_RESPONSE)
REGISTER(STATE_USER_INPUT)
REGISTER(STATE_SYS_DEPEND)
REGISTER(STATE_MQTT_COMM)

int iotx_register_for_ITE_STATE_EVERYTHING(any_callback callback);
int iotx_register_for_ITE_STATE_EVERYTHING(any_callback callback)
{
    for (int event = STATE_EVERYTHING; event < EVENTS; event++) {
        *slot(event) = callback;
    }
    return 0;
}
