// The kernels of kernels.inc for vectors of 4 floats.

#include "kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define CK_WIDTH 4
#define CK_TABLE ck_kernels_plain

#include "kernels.inc"
