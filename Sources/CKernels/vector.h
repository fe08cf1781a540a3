// One source for all widths: a file that includes this has defined CK_WIDTH, the floats of a vector.

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float vf __attribute__((ext_vector_type(CK_WIDTH)));
typedef int32_t vi __attribute__((ext_vector_type(CK_WIDTH)));

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store(float *p, vf v) { memcpy(p, &v, sizeof v); }
INLINE vf splat(float x) { return (vf)(x); }
INLINE vf fma_(vf a, vf b, vf c) {
#if CK_WIDTH > 4
  return __builtin_elementwise_fma(a, b, c);
#else
  // Without the instruction, a fused product would be a call for each lane.
  return a * b + c;
#endif
}
INLINE vf select_(vi condition, vf a, vf b) { return (vf)((condition & (vi)a) | (~condition & (vi)b)); }
INLINE vf max_(vf a, vf b) { return select_(a > b, a, b); }

/// The sum of the lanes, halves first: one fixed order.
INLINE float sum_lanes(vf v) {
  float lane[CK_WIDTH];
  store(lane, v);
  for (int half = CK_WIDTH / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lane[i] += lane[i + half];
  return lane[0];
}
INLINE float max_lanes(vf v) {
  float m = v[0];
  for (int i = 1; i < CK_WIDTH; i++) m = v[i] > m ? v[i] : m;
  return m;
}

/// exp(x), to 2 units in the last place for x in [-87, 88]; 0 below, the largest finite power of e above.
/// x = n ln 2 + r with |r| <= ln 2 / 2, exp(r) by a polynomial fitted to 3e-9 of it.
INLINE vf exp_(vf x) {
  vf clamped = select_(x > splat(88.0f), splat(88.0f), x);
  vi tiny = clamped < splat(-87.0f);
  clamped = select_(tiny, splat(0.0f), clamped);
  // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
  const vf magic = splat(12582912.0f);
  vf n = fma_(clamped, splat(1.44269504f), magic) - magic;
  vf r = fma_(n, splat(-0.693145752f), clamped);
  r = fma_(n, splat(-1.42860677e-6f), r);
  vf q = splat(1.395051358e-03f);
  q = fma_(q, r, splat(8.368902879e-03f));
  q = fma_(q, r, splat(4.166620547e-02f));
  q = fma_(q, r, splat(1.666651873e-01f));
  q = fma_(q, r, splat(5.000000095e-01f));
  vf e = fma_(q * r, r, r) + splat(1.0f);
  vi bits = (__builtin_convertvector(n, vi) + 127) << 23;
  return select_(tiny, splat(0.0f), e * (vf)bits);
}

/// erf(x): below 1 a polynomial in x squared, above it 1 - exp(a polynomial fitted to log erfc).
INLINE vf erf_(vf x) {
  vf a = (vf)((vi)x & 0x7fffffff);
  vf u = a * a;
  vf s = splat(-9.680138852e-06f);
  s = fma_(s, u, splat(1.127054534e-04f));
  s = fma_(s, u, splat(-8.484711565e-04f));
  s = fma_(s, u, splat(5.221074886e-03f));
  s = fma_(s, u, splat(-2.686544582e-02f));
  s = fma_(s, u, splat(1.128378275e-01f));
  s = fma_(s, u, splat(-3.761263848e-01f));
  s = fma_(s, u, splat(1.128379167e+00f));
  s = s * a;
  vf b = select_(a > splat(4.2f), splat(4.2f), a);
  vf l = splat(-2.168676314e-05f);
  l = fma_(l, b, splat(4.413352998e-04f));
  l = fma_(l, b, splat(-4.204556260e-03f));
  l = fma_(l, b, splat(2.520824081e-02f));
  l = fma_(l, b, splat(-1.084185507e-01f));
  l = fma_(l, b, splat(-6.332199192e-01f));
  l = fma_(l, b, splat(-1.129578410e+00f));
  l = fma_(l, b, splat(1.880370679e-04f));
  vf r = select_(a < splat(1.0f), s, splat(1.0f) - exp_(l));
  // The sign of x goes back on.
  return (vf)((vi)r | ((vi)x & (int32_t)0x80000000));
}

INLINE vf silu_(vf x) { return x / (splat(1.0f) + exp_(-x)); }
INLINE vf gelu_(vf x) { return splat(0.5f) * x * (splat(1.0f) + erf_(x * splat(0.707106781f))); }
INLINE vf quick_gelu_(vf x) { return x / (splat(1.0f) + exp_(splat(-1.702f) * x)); }
INLINE vf relu_(vf x) { return select_(x < splat(0.0f), splat(0.0f), x); }
