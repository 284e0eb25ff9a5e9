/*
 * The program around the firmware.
 *
 *     USES_SDK   it uses the Link SDK itself, beside firmware in a shared library
 */
int firmware(void);
int cm_yield(int timeout_ms);

int main(void)
{
#if defined(USES_SDK)
    cm_yield(0);
#endif
    return firmware();
}
