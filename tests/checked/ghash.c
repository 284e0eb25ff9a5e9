/*
 * ring's gcm_ghash_avx for memcheck, which takes its result for undefined whenever the registers xmm0 to
 * xmm2 are at its beginning. Its assembly (ghash-x86_64, at .Lshort_avx) begins a sum by
 *
 *     vmovdqa %xmm0,%xmm3    vpxor %xmm0,%xmm3,%xmm3    (and so with 1 and 4, with 2 and 5)
 *
 * that is, x xor x: zero, whatever x was. Memcheck knows that of one register, not of a copy in another,
 * so all that depends on the tag of a record would be reported. Linked with --wrap=NAME: the result is
 * as defined as what went into it.
 */
#include <stddef.h>

#include <valgrind/memcheck.h>

#define BLOCK 16
#define TABLE 256

void REAL(unsigned char *sum, const unsigned char *table, const unsigned char *input, size_t length);
void WRAPPED(unsigned char *sum, const unsigned char *table, const unsigned char *input, size_t length);

void WRAPPED(unsigned char *sum, const unsigned char *table, const unsigned char *input, size_t length)
{
    /* Each reports what it finds undefined. */
    int undefined = VALGRIND_CHECK_MEM_IS_DEFINED(sum, BLOCK) != 0;

    undefined |= VALGRIND_CHECK_MEM_IS_DEFINED(table, TABLE) != 0;
    undefined |= VALGRIND_CHECK_MEM_IS_DEFINED(input, length) != 0;
    REAL(sum, table, input, length);
    if (!undefined) {
        VALGRIND_MAKE_MEM_DEFINED(sum, BLOCK);
    }
}
