#ifndef ATTNLAB_CSHA256_H
#define ATTNLAB_CSHA256_H

// The compression function of SHA-256, FIPS 180-4, section 6.2.

#include <stddef.h>
#include <stdint.h>

/// Whether this processor has instructions for SHA-256: 1 or 0.
int csha256_is_accelerated(void);

/// Takes `count` blocks of 64 bytes into the hash value `state`.
/// accelerated: not 0 uses the instructions, which must be there.
void csha256_blocks(int accelerated, uint32_t state[8], const uint8_t *blocks, size_t count);

#endif
