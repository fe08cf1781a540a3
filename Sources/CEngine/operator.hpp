// What both backends implement.

#pragma once

#include "cengine.h"

#include <memory>
#include <vector>

struct ce_operator {
  virtual ~ce_operator() = default;
  /// A product reads `height` as an element's rows and leaves width at 1.
  virtual void run(int batch, int height, int width, const float *x, float *y, ce_store store) = 0;
};

namespace attnlab {

std::unique_ptr<ce_operator> openblas_product(int inputs, int outputs, const float *weight, const float *bias);
std::unique_ptr<ce_operator> openblas_convolution(const ce_convolution_shape &shape, const float *weight,
                                                  const float *bias);
#ifdef ATTNLAB_ONEDNN
std::unique_ptr<ce_operator> onednn_product(int inputs, int outputs, const float *weight, const float *bias);
std::unique_ptr<ce_operator> onednn_convolution(const ce_convolution_shape &shape, const float *weight,
                                                const float *bias);
void onednn_limit_instructions(ce_instructions most);
void onednn_describe(char *text, size_t size);
#endif

}  // namespace attnlab
