#ifndef ATTNLAB_CENGINE_H
#define ATTNLAB_CENGINE_H

// Convolution and matrix product with weights packed once, behind one interface over two libraries.
//
// oneDNN is there where the build found its header (ATTNLAB_ONEDNN); OpenBLAS always is: simple, and the oracle of the
// other. Activations are NHWC float32. A function that can fail returns 0 for success; otherwise it writes a message
// of at most `size` bytes, ended by a zero, to `error`. An operator must not run on two threads at once.

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CE_OPENBLAS = 0, CE_ONEDNN = 1 } ce_backend;

/// 1 where this build holds the backend.
int ce_available(ce_backend backend);

/// Name and version, as "oneDNN 2.6.3": writes at most `size` bytes.
void ce_describe(ce_backend backend, char *text, size_t size);

/// Instructions by what processors share, each with those before it.
typedef enum { CE_SSE41 = 0, CE_AVX2 = 1, CE_AVX512 = 2 } ce_instructions;

/// Holds oneDNN to these instructions, whatever the processor has beyond them. To be called before the first operator is
/// made; afterwards it does nothing. OpenBLAS chooses its kernels when it is loaded: OPENBLAS_CORETYPE tells it which.
void ce_limit_instructions(ce_instructions most);

/// What an operator does to what `y` holds before.
typedef enum { CE_OVERWRITE = 0, CE_ADD = 1 } ce_store;

typedef struct ce_operator ce_operator;

/// y = x weightT + bias. weight: [outputs, inputs]; bias: [outputs] or NULL. Both are copied. NULL on failure.
ce_operator *ce_product_create(ce_backend backend, int inputs, int outputs, const float *weight, const float *bias,
                               char *error, size_t size);

/// x: [batch, rows, inputs]; y: [batch, rows, outputs]. The bits of an element do not depend on its place in the batch.
int ce_product_run(ce_operator *product, int batch, int rows, const float *x, float *y, ce_store store, char *error,
                   size_t size);

typedef struct {
  int in_channels, out_channels;
  int kernel;  ///< rows and columns
  int stride;
  int pad_begin;  ///< zeros above and to the left
  int pad_end;    ///< zeros below and to the right
} ce_convolution_shape;

/// weight: [out_channels, in_channels, kernel, kernel], as in PyTorch; bias: [out_channels] or NULL. Both are copied.
ce_operator *ce_convolution_create(ce_backend backend, const ce_convolution_shape *shape, const float *weight,
                                   const float *bias, char *error, size_t size);

/// Rows (or columns) of the result for rows (or columns) of the picture.
int ce_convolution_extent(const ce_convolution_shape *shape, int extent);

/// x: [batch, height, width, in_channels]; y: [batch, out height, out width, out_channels].
int ce_convolution_run(ce_operator *convolution, int batch, int height, int width, const float *x, float *y,
                       ce_store store, char *error, size_t size);

void ce_destroy(ce_operator *op);

#ifdef __cplusplus
}
#endif
#endif
