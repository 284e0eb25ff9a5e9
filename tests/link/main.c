int firmware(void);

int main(void)
{
    return firmware();
}
