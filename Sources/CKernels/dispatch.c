#include "kernels.h"

ck_isa ck_best_isa(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return CK_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CK_AVX2;
#endif
  return CK_PLAIN;
}

static const ck_kernels *table(ck_isa isa) {
#if defined(__x86_64__)
  if (isa == CK_AVX512) return &ck_kernels_avx512;
  if (isa == CK_AVX2) return &ck_kernels_avx2;
#endif
  (void)isa;
  return &ck_kernels_plain;
}

size_t ck_group_norm_workspace(int batch, int pixels, int channels) {
  size_t chunks = ((size_t)pixels + CK_NORM_ROWS - 1) / CK_NORM_ROWS;
  return (size_t)batch * (chunks * (size_t)channels * 2 + (size_t)channels * 2);
}

void ck_group_norm(ck_isa isa, int threads, int batch, int pixels, int channels, int groups, float epsilon, int silu,
                   const float *x, const float *gamma, const float *beta, float *y, float *workspace) {
  table(isa)->group_norm(threads, batch, pixels, channels, groups, epsilon, silu, x, gamma, beta, y, workspace);
}

void ck_layer_norm(ck_isa isa, int threads, int rows, int channels, float epsilon, const float *x, const float *gamma,
                   const float *beta, float *y) {
  table(isa)->layer_norm(threads, rows, channels, epsilon, x, gamma, beta, y);
}

void ck_activate(ck_isa isa, int threads, ck_activation f, size_t count, const float *x, float *y) {
  table(isa)->activate(threads, f, count, x, y);
}

void ck_geglu(ck_isa isa, int threads, int rows, int channels, const float *x, float *y) {
  table(isa)->geglu(threads, rows, channels, x, y);
}

static size_t padded(size_t n) { return (n + CK_MAX_VECTOR - 1) / CK_MAX_VECTOR * CK_MAX_VECTOR; }

size_t ck_attention_workspace(const ck_attention_shape *s, int threads) {
  size_t keys = padded((size_t)s->keys), dim = padded((size_t)s->head_dim);
  size_t packed = (size_t)s->batch * (size_t)s->heads * (dim * keys * 2);
  size_t tile = (size_t)CK_TILE_QUERIES * (keys + dim);
  return packed + (size_t)threads * tile;
}

void ck_attention(ck_isa isa, int threads, const ck_attention_shape *shape, const float *q, const float *k,
                  const float *v, float *out, const ck_lane *lanes, const ck_observation *observations,
                  int observation_count, float *workspace) {
  table(isa)->attention(threads, shape, q, k, v, out, lanes, observations, observation_count, workspace);
}

size_t ck_map_workspace(const ck_attention_shape *s, int threads) {
  size_t keys = padded((size_t)s->keys), dim = padded((size_t)s->head_dim);
  return keys * dim + (size_t)threads * CK_TILE_QUERIES * dim;
}

void ck_map_scores(ck_isa isa, int threads, const ck_attention_shape *shape, const float *q, const float *k, int stride,
                   float *map, float *workspace) {
  table(isa)->map_scores(threads, shape, q, k, stride, map, workspace);
}

void ck_map_softmax(ck_isa isa, int threads, const ck_attention_shape *shape, int stride, float *map) {
  table(isa)->map_softmax(threads, shape, stride, map);
}

void ck_map_apply(ck_isa isa, int threads, const ck_attention_shape *shape, int stride, const float *map,
                  const float *v, float *out, float *workspace) {
  table(isa)->map_apply(threads, shape, stride, map, v, out, workspace);
}

void ck_map_observe(const ck_attention_shape *shape, const ck_observation *observation, int head, int stride,
                    const float *map) {
  table(CK_PLAIN)->map_observe(shape, observation, head, stride, map);
}

void ck_map_observed(const ck_attention_shape *shape, const ck_observation *observation) {
  table(CK_PLAIN)->map_observed(shape, observation);
}
