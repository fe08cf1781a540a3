#ifndef ATTNLAB_CKERNELS_H
#define ATTNLAB_CKERNELS_H

// The project's own numeric kernels, in float32.
//
// Every function is pure: pointers and sizes in, results out, no globals and no allocation. Feature maps are NHWC. The
// sums of one result are taken in one fixed order, whatever the number of threads and wherever its row stands in a
// batch, so the same input gives the same bits. Each kernel has a plain twin in double precision, ck_twin_*, which the
// tests hold it against.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------------- instruction sets

/// The instruction sets that the kernels are built for, slowest first.
typedef enum { CK_PLAIN = 0, CK_AVX2 = 1, CK_AVX512 = 2 } ck_isa;

/// The fastest set that this processor runs.
ck_isa ck_best_isa(void);

// ------------------------------------------------------------------------------------------------------------ threads

/// The number of threads that the kernels use: what OMP_NUM_THREADS or the machine says.
int ck_threads(void);

/// Runs `job(context, index, worker)` for each index in 0 ..< jobs on the pool of libgomp, which oneDNN shares.
/// `worker` is in 0 ..< threads. Jobs must not depend on one another.
void ck_parallel(int threads, int jobs, void (*job)(void *context, int index, int worker), void *context);

// -------------------------------------------------------------------------------------------------------------- norms

/// Floats of workspace that ck_group_norm needs.
size_t ck_group_norm_workspace(int batch, int pixels, int channels);

/// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta over each group of channels of each picture; then
/// SiLU where `silu` is not 0. Wu and He 2018.
/// x, y: [batch, pixels, channels], may be the same. gamma, beta: [channels]. groups divides channels.
void ck_group_norm(ck_isa isa, int threads, int batch, int pixels, int channels, int groups, float epsilon, int silu,
                   const float *x, const float *gamma, const float *beta, float *y, float *workspace);
void ck_twin_group_norm(int batch, int pixels, int channels, int groups, float epsilon, int silu, const float *x,
                        const float *gamma, const float *beta, double *y);

/// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta over each row. Ba et al. 2016.
/// x, y: [rows, channels], may be the same. gamma, beta: [channels].
void ck_layer_norm(ck_isa isa, int threads, int rows, int channels, float epsilon, const float *x, const float *gamma,
                   const float *beta, float *y);
void ck_twin_layer_norm(int rows, int channels, float epsilon, const float *x, const float *gamma, const float *beta,
                        double *y);

// -------------------------------------------------------------------------------------------------------- activations

/// y = f(x) for each of `count` values.
typedef enum {
  CK_SILU = 0,        ///< x * sigmoid(x)
  CK_GELU = 1,        ///< x * Phi(x), Phi the normal distribution function, exact
  CK_QUICK_GELU = 2,  ///< x * sigmoid(1.702 * x)
  CK_RELU = 3,        ///< x where it is not below 0, else 0
} ck_activation;

/// x, y: [count], may be the same.
void ck_activate(ck_isa isa, int threads, ck_activation f, size_t count, const float *x, float *y);
void ck_twin_activate(ck_activation f, size_t count, const float *x, double *y);

/// y = x[:, :channels] * gelu(x[:, channels:]). Shazeer 2020, in the halves' order of diffusers.
/// x: [rows, 2 * channels]; y: [rows, channels].
void ck_geglu(ck_isa isa, int threads, int rows, int channels, const float *x, float *y);
void ck_twin_geglu(int rows, int channels, const float *x, double *y);

// ---------------------------------------------------------------------------------------------------------- attention

/// The sizes of an attention. Row r of head h starts at base + r * stride + h * head_dim, so queries, keys and values
/// may be columns of one wider matrix.
typedef struct {
  int batch;
  int heads;
  int queries;     ///< a batch element's
  int keys;        ///< a batch element's
  int head_dim;
  int causal;      ///< not 0: query i sees the keys 0...i
  float scale;     ///< of the scores, 1 / sqrt(head_dim)
  int query_stride, key_stride, value_stride, output_stride;  ///< floats from row to row
} ck_attention_shape;

/// What fills a batch element's probabilities.
typedef enum {
  CK_OWN = 0,      ///< softmax of its own scores
  CK_SOURCE = 1,   ///< the probabilities of the element `source`
  CK_ZERO = 2,     ///< 0
  CK_UNIFORM = 3,  ///< 1 / keys
  CK_SKIP = 4,     ///< nothing: its rows of the result are left as they are
} ck_fill;

typedef struct {
  ck_fill fill;
  int source;  ///< for CK_SOURCE: an element whose own fill is CK_OWN
} ck_lane;

/// Where the probabilities that an element used are added up.
///
/// The queries form a grid of height x width; the cell of query (y, x) in the grid of out_height x out_width is
/// (y * out_height / height, x * out_width / width), rounded down. A value of the result is the mean over the queries
/// of its cell (and over the heads, for the mean) of the sum over the keys mapped to it.
typedef struct {
  int lane;
  int mean_heads;  ///< not 0: out is [out_height, out_width, out_keys]; else [heads, out_height, out_width, out_keys]
  int height, width;
  int out_height, out_width, out_keys;
  const int32_t *key_map;  ///< [keys]: index in 0 ..< out_keys, or -1 for a key left out; NULL: as they are
  float *out;              ///< zeros before
} ck_observation;

/// Floats of workspace that ck_attention needs.
size_t ck_attention_workspace(const ck_attention_shape *shape, int threads);

/// out = softmax(scale * q kT) v for each element and head, with the probabilities filled as `lanes` says ([batch], or
/// NULL for all CK_OWN) and the observations made. Probabilities are never kept whole: a tile of queries at a time.
void ck_attention(ck_isa isa, int threads, const ck_attention_shape *shape, const float *q, const float *k,
                  const float *v, float *out, const ck_lane *lanes, const ck_observation *observations,
                  int observation_count, float *workspace);

/// The same for one element and head, whole: `probabilities` is [queries, keys], `out` is [queries, head_dim].
void ck_twin_attention(const ck_attention_shape *shape, const float *q, const float *k, const float *v,
                       double *probabilities, double *out);

// ------------------------------------------------------------------------------------------- attention with whole maps

// For interventions that a tile of queries does not suffice for: the map of one element and head is there whole, between
// the three parts of an attention. Rows are `stride` floats apart, a multiple of 16 of at least `keys`; what lies between
// keys and stride is scratch. The parts taken one after another give the bits of ck_attention.

/// Floats of workspace that the parts need.
size_t ck_map_workspace(const ck_attention_shape *shape, int threads);

/// map[i, j] = q_i . k_j, not scaled. q, k: the first row of the element's head.
void ck_map_scores(ck_isa isa, int threads, const ck_attention_shape *shape, const float *q, const float *k, int stride,
                   float *map, float *workspace);

/// map = softmax(scale * map) over each row's keys.
void ck_map_softmax(ck_isa isa, int threads, const ck_attention_shape *shape, int stride, float *map);

/// out = map v. v, out: the first row of the element's head.
void ck_map_apply(ck_isa isa, int threads, const ck_attention_shape *shape, int stride, const float *map,
                  const float *v, float *out, float *workspace);

/// Adds the map of head h to an observation; after the last head `ck_map_observed` turns the sums into means.
void ck_map_observe(const ck_attention_shape *shape, const ck_observation *observation, int head, int stride,
                    const float *map);
void ck_map_observed(const ck_attention_shape *shape, const ck_observation *observation);

// ------------------------------------------------------------------------------------------------------------- edits

// Changes of a matrix x: [rows, columns], rows `stride` floats apart, where the masks are not 0 (NULL: everywhere).

typedef struct {
  int rows, columns, stride;
  const uint8_t *row_mask;     ///< [rows] or NULL
  const uint8_t *column_mask;  ///< [columns] or NULL
} ck_region;

/// x = (1 - strength) x + strength * source. source: rows `source_stride` apart.
void ck_edit_mix(const ck_region *region, float strength, const float *source, int source_stride, float *x);
/// x = value.
void ck_edit_fill(const ck_region *region, float value, float *x);
/// x = factor * x.
void ck_edit_scale(const ck_region *region, float factor, float *x);
/// x[i, j] = 1 where i = j, else 0.
void ck_edit_identity(const ck_region *region, float *x);
/// Row i becomes row order[i]. copy: [rows, stride] of scratch.
void ck_edit_permute(const ck_region *region, const int32_t *order, float *x, float *copy);
/// Gaussian mean over the rows as a grid of height x width, standard deviation sigma cells, cut at 3 sigma, the weights
/// that fall inside the grid brought to a sum of 1. copy: [2, rows, stride] of scratch.
void ck_edit_blur(const ck_region *region, int height, int width, float sigma, float *x, float *copy);
/// Each column becomes its mean over all rows.
void ck_edit_column_mean(const ck_region *region, float *x);
/// Each row divided by its sum, where that is not 0; the masks are not looked at.
void ck_edit_renormalize(const ck_region *region, float *x);
/* Row i becomes queries[i] of its part with keys 1, and 1 - queries[i] of that with keys 0, each of them brought to a sum of
 * 1 before; a part that sums to 0 becomes 1 / columns everywhere. queries: one a row, keys: one a column. */
void ck_edit_split(const ck_region *region, const float *queries, const uint8_t *keys, float *x);
/// A column's sum over the rows is its mass, the column over its mass its pattern. With `mass` not 0 x keeps its pattern
/// and takes the source's mass; else it takes the source's pattern and keeps its mass. A column without mass is left.
void ck_edit_part(const ck_region *region, int mass, const float *source, int source_stride, float *x);

// --------------------------------------------------------------------------------------------------------- elementwise

/// y[n, p, c] += x[n, c]. x: [batch, channels]; y: [batch, pixels, channels].
void ck_add_channels(int threads, int batch, int pixels, int channels, const float *x, float *y);

/// y += x over `count` values.
void ck_add(int threads, size_t count, const float *x, float *y);

/// y = x transposed: x is [batch, rows, columns], y is [batch, columns, rows].
void ck_transpose(int threads, int batch, int rows, int columns, const float *x, float *y);

/// y = a beside b along the channels. a: [rows, a_channels]; b: [rows, b_channels].
void ck_concatenate(int threads, int rows, int a_channels, const float *a, int b_channels, const float *b, float *y);

/// y = x on a larger grid by nearest neighbour: source row = y * height / out_height rounded down, columns alike.
/// x: [batch, height, width, channels]; y: [batch, out_height, out_width, channels].
void ck_upsample_nearest(int threads, int batch, int height, int width, int channels, int out_height, int out_width,
                         const float *x, float *y);

/// y = the largest of each square of kernel x kernel cells, `stride` cells apart, for each channel; none reaches beyond
/// x. x: [batch, height, width, channels]; y: [batch, (height - kernel) / stride + 1, (width - kernel) / stride + 1,
/// channels].
void ck_max_pool(int threads, int batch, int height, int width, int channels, int kernel, int stride, const float *x,
                 float *y);

// ------------------------------------------------------------------------------------------------------------ summary

/// The smallest, the largest and the sum of values. All three are NaN where the sum is.
typedef struct {
  float minimum, maximum;
  double sum;
} ck_summary;

/// One pass over `count` values: float32, or IEEE half precision where `is_half` is not 0. x has any alignment. Of no
/// value: infinity, -infinity, 0. The bits are the same for every isa.
void ck_summarise(ck_isa isa, int is_half, size_t count, const void *x, ck_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
