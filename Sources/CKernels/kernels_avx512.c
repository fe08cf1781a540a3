// The kernels of kernels.inc for vectors of 16 floats.

#include "kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define CK_WIDTH 16
#define CK_TABLE ck_kernels_avx512

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
