int library_destroy(void);

int main(void)
{
    return library_destroy() != 0;
}
