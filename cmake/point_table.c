/*
 * Multiples of the generator of P-256, as ring computes those of any other point: in constant time, and
 * without its table of 150 KB (instead.cmake). The names and types of POINT_MUL and of the two
 * functions here are those of ring's crypto/fipsmodule/ec/p256-nistz.c.
 */
#include <stdint.h>

#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)
#define INSTEAD_OF(name) NAMED(NAMED(__wrap_, RING_PREFIX), name)
#define POINT_MUL NAMED(RING_PREFIX, p256_point_mul)
#define LIMBS 4

void POINT_MUL(uint64_t result[3 * LIMBS], const uint64_t scalar[LIMBS], const uint64_t x[LIMBS],
               const uint64_t y[LIMBS]);
void INSTEAD_OF(p256_point_mul_base)(uint64_t result[3 * LIMBS], const uint64_t scalar[LIMBS]);
void INSTEAD_OF(p256_point_mul_base_vartime)(uint64_t result[3 * LIMBS], const uint64_t scalar[LIMBS]);

/* The generator (FIPS 186-4, D.1.2.3) times 2^256 modulo the field's prime, least significant limb first. */
static const uint64_t X[LIMBS] = {0x79e730d418a9143c, 0x75ba95fc5fedb601, 0x79fb732b77622510,
                                  0x18905f76a53755c6};
static const uint64_t Y[LIMBS] = {0xddf25357ce95560a, 0x8b4ab8e4ba19e45c, 0xd2e88688dd21f325,
                                  0x8571ff1825885d85};

void INSTEAD_OF(p256_point_mul_base)(uint64_t result[3 * LIMBS], const uint64_t scalar[LIMBS])
{
    POINT_MUL(result, scalar, X, Y);
}

void INSTEAD_OF(p256_point_mul_base_vartime)(uint64_t result[3 * LIMBS], const uint64_t scalar[LIMBS])
{
    POINT_MUL(result, scalar, X, Y);
}
