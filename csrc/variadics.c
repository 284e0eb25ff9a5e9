/*
 * The functions of the Link SDK that take a variable number of arguments. Stable Rust can call
 * such functions but not define them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Handlers get at most 63 characters and a NUL, as from the Link SDK. */
#define STATE_MESSAGE_SIZE 64

int iotx_state_event(const int event, const int state_code, const char *state_message_format, ...);
int HAL_Snprintf(char *str, const int len, const char *fmt, ...);
int HAL_Vsnprintf(char *str, const int len, const char *format, va_list ap);

/* Defined in src/ffi/events.rs; not visible outside the finished archive. */
int linksdk_internal_state_event(int event, int state_code, const char *message);

int iotx_state_event(const int event, const int state_code, const char *state_message_format, ...)
{
    char message[STATE_MESSAGE_SIZE] = "";

    if (state_message_format != NULL) {
        va_list arguments;

        va_start(arguments, state_message_format);
        if (vsnprintf(message, sizeof(message), state_message_format, arguments) < 0) {
            message[0] = '\0';
        }
        va_end(arguments);
    }
    return linksdk_internal_state_event(event, state_code, message);
}

int HAL_Vsnprintf(char *str, const int len, const char *format, va_list ap)
{
    if (format == NULL || len < 0) {
        return -1;
    }
    /* Without a buffer the caller only wants to know the length. */
    return vsnprintf(str, str == NULL ? 0 : (size_t)len, format, ap);
}

int HAL_Snprintf(char *str, const int len, const char *fmt, ...)
{
    va_list arguments;
    int written;

    va_start(arguments, fmt);
    written = HAL_Vsnprintf(str, len, fmt, arguments);
    va_end(arguments);
    return written;
}
