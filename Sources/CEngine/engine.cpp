#include "operator.hpp"

#include <cstdio>
#include <exception>

extern "C" char *openblas_get_config(void);

using namespace attnlab;

namespace {

/// Runs what may throw; C and Swift callers get a code and a message.
template <class Body>
int guarded(char *error, size_t size, Body body) {
  try {
    body();
    return 0;
  } catch (const std::exception &e) {
    std::snprintf(error, size, "%s", e.what());
  } catch (...) {
    std::snprintf(error, size, "unknown C++ exception");
  }
  return 1;
}

}  // namespace

int ce_available(ce_backend backend) {
#ifdef ATTNLAB_ONEDNN
  if (backend == CE_ONEDNN) return 1;
#endif
  return backend == CE_OPENBLAS;
}

void ce_describe(ce_backend backend, char *text, size_t size) {
#ifdef ATTNLAB_ONEDNN
  if (backend == CE_ONEDNN) return onednn_describe(text, size);
#endif
  if (backend == CE_OPENBLAS) {
    std::snprintf(text, size, "%s", openblas_get_config());
    return;
  }
  std::snprintf(text, size, "not in this build");
}

void ce_limit_instructions(ce_instructions most) {
#ifdef ATTNLAB_ONEDNN
  onednn_limit_instructions(most);
#endif
  (void)most;
}

ce_operator *ce_product_create(ce_backend backend, int inputs, int outputs, const float *weight, const float *bias,
                               char *error, size_t size) {
  std::unique_ptr<ce_operator> made;
  int failed = guarded(error, size, [&] {
#ifdef ATTNLAB_ONEDNN
    if (backend == CE_ONEDNN) {
      made = onednn_product(inputs, outputs, weight, bias);
      return;
    }
#endif
    (void)backend;
    made = openblas_product(inputs, outputs, weight, bias);
  });
  return failed ? nullptr : made.release();
}

int ce_product_run(ce_operator *product, int batch, int rows, const float *x, float *y, ce_store store, char *error,
                   size_t size) {
  return guarded(error, size, [&] { product->run(batch, rows, 1, x, y, store); });
}

ce_operator *ce_convolution_create(ce_backend backend, const ce_convolution_shape *shape, const float *weight,
                                   const float *bias, char *error, size_t size) {
  std::unique_ptr<ce_operator> made;
  int failed = guarded(error, size, [&] {
#ifdef ATTNLAB_ONEDNN
    if (backend == CE_ONEDNN) {
      made = onednn_convolution(*shape, weight, bias);
      return;
    }
#endif
    (void)backend;
    made = openblas_convolution(*shape, weight, bias);
  });
  return failed ? nullptr : made.release();
}

int ce_convolution_extent(const ce_convolution_shape *s, int extent) {
  return (extent + s->pad_begin + s->pad_end - s->kernel) / s->stride + 1;
}

int ce_convolution_run(ce_operator *convolution, int batch, int height, int width, const float *x, float *y,
                       ce_store store, char *error, size_t size) {
  return guarded(error, size, [&] { convolution->run(batch, height, width, x, y, store); });
}

void ce_destroy(ce_operator *op) { delete op; }
