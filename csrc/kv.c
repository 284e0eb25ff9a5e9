/*
 * HAL_Kv_* of the Link SDK, for the session store.
 *
 * Weak references: firmware that has no key-value memory links without them. Stable Rust cannot
 * express that.
 */
#include <stddef.h>

__attribute__((weak)) int HAL_Kv_Set(const char *key, const void *val, int len, int sync);
__attribute__((weak)) int HAL_Kv_Get(const char *key, void *val, int *buffer_len);
__attribute__((weak)) int HAL_Kv_Del(const char *key);

int linksdk_kv_is_linked(void);
int linksdk_kv_load(const char *name, void *buffer, size_t size);
int linksdk_kv_save(const char *name, const void *bytes, size_t size);
int linksdk_kv_erase(const char *name);

int linksdk_kv_is_linked(void)
{
    return HAL_Kv_Set != NULL && HAL_Kv_Get != NULL && HAL_Kv_Del != NULL;
}

/* The length of what was there, at most size; negative when there was nothing. */
int linksdk_kv_load(const char *name, void *buffer, size_t size)
{
    int length = (int)size;

    return HAL_Kv_Get(name, buffer, &length) == 0 ? length : -1;
}

int linksdk_kv_save(const char *name, const void *bytes, size_t size)
{
    return HAL_Kv_Set(name, bytes, (int)size, 1);
}

int linksdk_kv_erase(const char *name)
{
    return HAL_Kv_Del(name);
}
