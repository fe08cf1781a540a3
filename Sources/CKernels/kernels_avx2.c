// The kernels of kernels.inc for vectors of 8 floats.

#include "kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define CK_WIDTH 8
#define CK_TABLE ck_kernels_avx2

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
