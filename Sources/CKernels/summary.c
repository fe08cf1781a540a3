// Smallest, largest and sum of a map's values. Lanes and blocks are the same on every processor, so the bits are too.

#include "ckernels.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, BLOCK = 32 * LANES };

typedef float vf __attribute__((ext_vector_type(LANES)));
typedef int32_t vi __attribute__((ext_vector_type(LANES)));

typedef struct {
  float minimum[LANES], maximum[LANES];
  double sum[LANES];
} lanes;

/// Takes up to BLOCK values: value i belongs to lane i % LANES. The sum of a lane's 32 values is taken in single
/// precision, which is off by 32 * 2^-24 of it at most, those of blocks in double.
INLINE void take(lanes *l, int count, const char *x) {
  vf minimum, maximum, sum = (vf)0.0f;
  memcpy(&minimum, l->minimum, sizeof minimum);
  memcpy(&maximum, l->maximum, sizeof maximum);
  int at = 0;
  for (; at + LANES <= count; at += LANES) {
    vf v;
    memcpy(&v, x + sizeof(float) * (size_t)at, sizeof v);
    vi less = v < minimum, more = v > maximum;
    minimum = (vf)((less & (vi)v) | (~less & (vi)minimum));
    maximum = (vf)((more & (vi)v) | (~more & (vi)maximum));
    sum += v;
  }
  memcpy(l->minimum, &minimum, sizeof minimum);
  memcpy(l->maximum, &maximum, sizeof maximum);
  for (int i = 0; i < LANES; i++) l->sum[i] += (double)sum[i];
  // The last few, where the number of values is no multiple of the lanes.
  for (int i = 0; at + i < count; i++) {
    float v;
    memcpy(&v, x + sizeof(float) * (size_t)(at + i), sizeof v);
    l->minimum[i] = v < l->minimum[i] ? v : l->minimum[i];
    l->maximum[i] = v > l->maximum[i] ? v : l->maximum[i];
    l->sum[i] += (double)v;
  }
}

/// The values of half-precision bits, by arithmetic that vector instructions of any processor have.
INLINE void widen(int count, const char *x, float *y) {
  for (int i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, x + sizeof half * (size_t)i, sizeof half);
    uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13, exponent = magnitude & 0x0f800000;
    // Without a leading one: put under the exponent of 2^-14 as if it had one, which is taken off again.
    uint32_t subnormal = magnitude + 0x38800000;
    float small;
    memcpy(&small, &subnormal, sizeof small);
    small -= 0x1p-14f;
    memcpy(&subnormal, &small, sizeof small);
    uint32_t word = exponent == 0 ? subnormal : magnitude + 0x38000000;
    // Infinity, and what is not a number.
    word = exponent == 0x0f800000 ? magnitude + 0x70000000 : word;
    word |= (uint32_t)(half & 0x8000) << 16;
    memcpy(y + i, &word, sizeof word);
  }
}

/// The same by the processor's own conversion, where it has one.
INLINE void convert(int count, const char *x, float *y) {
  for (int i = 0; i < count; i++) {
    _Float16 half;
    memcpy(&half, x + sizeof half * (size_t)i, sizeof half);
    y[i] = (float)half;
  }
}

INLINE void start(lanes *l) {
  for (int i = 0; i < LANES; i++) l->minimum[i] = INFINITY, l->maximum[i] = -INFINITY, l->sum[i] = 0;
}

INLINE void finish(const lanes *l, ck_summary *s) {
  s->minimum = INFINITY, s->maximum = -INFINITY, s->sum = 0;
  for (int i = 0; i < LANES; i++) {
    s->minimum = l->minimum[i] < s->minimum ? l->minimum[i] : s->minimum;
    s->maximum = l->maximum[i] > s->maximum ? l->maximum[i] : s->maximum;
    s->sum += l->sum[i];
  }
  // Comparisons pass over what is not a number; the sum does not.
  if (isnan(s->sum)) s->minimum = s->maximum = NAN;
}

INLINE void summarise_floats(size_t count, const char *x, ck_summary *summary) {
  lanes l;
  start(&l);
  for (size_t at = 0; at < count; at += BLOCK)
    take(&l, count - at < BLOCK ? (int)(count - at) : BLOCK, x + sizeof(float) * at);
  finish(&l, summary);
}

INLINE void summarise_halves(int converts, size_t count, const char *x, ck_summary *summary) {
  lanes l;
  start(&l);
  float values[BLOCK];
  for (size_t at = 0; at < count; at += BLOCK) {
    int size = count - at < BLOCK ? (int)(count - at) : BLOCK;
    if (converts)
      convert(size, x + sizeof(uint16_t) * at, values);
    else
      widen(size, x + sizeof(uint16_t) * at, values);
    take(&l, size, (const char *)values);
  }
  finish(&l, summary);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,f16c")))

AVX2 static void floats_avx2(size_t count, const char *x, ck_summary *summary) { summarise_floats(count, x, summary); }
AVX2 static void halves_avx2(size_t count, const char *x, ck_summary *summary) {
  summarise_halves(1, count, x, summary);
}
#endif

void ck_summarise(ck_isa isa, int is_half, size_t count, const void *x, ck_summary *summary) {
#if defined(__x86_64__)
  if (isa != CK_PLAIN && __builtin_cpu_supports("f16c"))
    return is_half ? halves_avx2(count, x, summary) : floats_avx2(count, x, summary);
#endif
  (void)isa;
  if (is_half)
    summarise_halves(0, count, x, summary);
  else
    summarise_floats(count, x, summary);
}
