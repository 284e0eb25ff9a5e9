const char *identity_name(void)
{
    return "identity";
}
