// The table of one instruction set's kernels; ckernels.h says what each computes.

#include "ckernels.h"

typedef struct {
  void (*group_norm)(int threads, int batch, int pixels, int channels, int groups, float epsilon, int silu,
                     const float *x, const float *gamma, const float *beta, float *y, float *workspace);
  void (*layer_norm)(int threads, int rows, int channels, float epsilon, const float *x, const float *gamma,
                     const float *beta, float *y);
  void (*activate)(int threads, ck_activation f, size_t count, const float *x, float *y);
  void (*geglu)(int threads, int rows, int channels, const float *x, float *y);
  void (*attention)(int threads, const ck_attention_shape *shape, const float *q, const float *k, const float *v,
                    float *out, const ck_lane *lanes, const ck_observation *observations, int observation_count,
                    float *workspace);
  void (*map_scores)(int threads, const ck_attention_shape *shape, const float *q, const float *k, int stride,
                     float *map, float *workspace);
  void (*map_softmax)(int threads, const ck_attention_shape *shape, int stride, float *map);
  void (*map_apply)(int threads, const ck_attention_shape *shape, int stride, const float *map, const float *v,
                    float *out, float *workspace);
  void (*map_observe)(const ck_attention_shape *shape, const ck_observation *observation, int head, int stride,
                      const float *map);
  void (*map_observed)(const ck_attention_shape *shape, const ck_observation *observation);
} ck_kernels;

extern const ck_kernels ck_kernels_plain, ck_kernels_avx2, ck_kernels_avx512;

/// Rows that a job of the norms takes, and queries that a tile of attention takes.
enum { CK_NORM_ROWS = 64, CK_MAX_VECTOR = 16, CK_TILE_QUERIES = 24 };
