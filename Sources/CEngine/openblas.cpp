// The engine on OpenBLAS: sgemm over blocks of rows, convolution by gathering patches. Simple, and the oracle of the
// other backend.

#include "operator.hpp"

#include "ckernels.h"

#include <algorithm>
#include <cblas.h>
#include <cstring>
#include <mutex>

namespace attnlab {
namespace {

// OpenBLAS runs on one thread beside our pool, which hands it blocks of rows: one pool, and sums in one order.
void use_one_thread() {
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
}

// Rows of a result that one call of sgemm makes. Fixed, so that the bits do not depend on the number of threads.
constexpr int kBlockRows = 128;

template <class Body>
void parallel(int jobs, Body body) {
  ck_parallel(
      ck_threads(), jobs, [](void *context, int index, int) { (*static_cast<Body *>(context))(index); }, &body);
}

/// y = x weightT + bias for a block of rows, or y += that: the sum is taken after the product, as oneDNN and a separate
/// addition take it, so that all three give the same bits.
void multiply(int rows, int inputs, int outputs, const float *x, const float *weight, const float *bias, float *y,
              ce_store store) {
  size_t count = static_cast<size_t>(rows) * outputs;
  std::vector<float> summand(store == CE_ADD ? count : 0);
  float *product = store == CE_ADD ? summand.data() : y;
  for (size_t i = 0; i < count; i++) product[i] = bias ? bias[i % outputs] : 0.0f;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1.0f, x, inputs, weight, inputs, 1.0f,
              product, outputs);
  for (size_t i = 0; i < summand.size(); i++) y[i] += summand[i];
}

struct Product final : ce_operator {
  int inputs, outputs;
  std::vector<float> weight, bias;

  Product(int inputs, int outputs, const float *w, const float *b)
      : inputs(inputs), outputs(outputs), weight(w, w + static_cast<size_t>(inputs) * outputs) {
    if (b) bias.assign(b, b + outputs);
  }

  // Each element has calls of its own: sgemm rounds a row by its place among the rows of a call.
  void run(int batch, int rows, int, const float *x, float *y, ce_store store) override {
    int blocks = (rows + kBlockRows - 1) / kBlockRows;
    parallel(batch * blocks, [&](int index) {
      int within = index % blocks * kBlockRows, count = std::min(kBlockRows, rows - within);
      size_t from = static_cast<size_t>(index / blocks) * rows + within;
      multiply(count, inputs, outputs, x + from * inputs, weight.data(), bias.empty() ? nullptr : bias.data(),
               y + from * outputs, store);
    });
  }
};

struct Convolution final : ce_operator {
  ce_convolution_shape shape;
  std::vector<float> weight, bias;  // weight: [out, kernel, kernel, in], the order of a gathered patch

  Convolution(const ce_convolution_shape &s, const float *w, const float *b) : shape(s) {
    int area = s.kernel * s.kernel;
    weight.resize(static_cast<size_t>(s.out_channels) * s.in_channels * area);
    for (int o = 0; o < s.out_channels; o++)
      for (int i = 0; i < s.in_channels; i++)
        for (int k = 0; k < area; k++)
          weight[(static_cast<size_t>(o) * area + k) * s.in_channels + i] =
              w[(static_cast<size_t>(o) * s.in_channels + i) * area + k];
    if (b) bias.assign(b, b + s.out_channels);
  }

  void run(int batch, int height, int width, const float *x, float *y, ce_store store) override {
    int out_height = ce_convolution_extent(&shape, height), out_width = ce_convolution_extent(&shape, width);
    int depth = shape.kernel * shape.kernel * shape.in_channels;
    int pixels = out_height * out_width, blocks = (pixels + kBlockRows - 1) / kBlockRows;
    parallel(batch * blocks, [&](int index) {
      int n = index / blocks, from = index % blocks * kBlockRows, count = std::min(kBlockRows, pixels - from);
      std::vector<float> patches(static_cast<size_t>(count) * depth);
      const float *picture = x + static_cast<size_t>(n) * height * width * shape.in_channels;
      for (int p = 0; p < count; p++)
        gather(picture, height, width, (from + p) / out_width, (from + p) % out_width,
               patches.data() + static_cast<size_t>(p) * depth);
      multiply(count, depth, shape.out_channels, patches.data(), weight.data(), bias.empty() ? nullptr : bias.data(),
               y + (static_cast<size_t>(n) * pixels + from) * shape.out_channels, store);
    });
  }

  /// Copies the patch that makes one pixel of the result, with zeros where it leaves the picture.
  void gather(const float *picture, int height, int width, int row, int column, float *patch) const {
    size_t channels = static_cast<size_t>(shape.in_channels);
    for (int ky = 0; ky < shape.kernel; ky++)
      for (int kx = 0; kx < shape.kernel; kx++, patch += channels) {
        int sy = row * shape.stride + ky - shape.pad_begin, sx = column * shape.stride + kx - shape.pad_begin;
        bool inside = sy >= 0 && sy < height && sx >= 0 && sx < width;
        if (inside)
          std::memcpy(patch, picture + (static_cast<size_t>(sy) * width + sx) * channels, channels * sizeof(float));
        else
          std::memset(patch, 0, channels * sizeof(float));
      }
  }
};

}  // namespace

std::unique_ptr<ce_operator> openblas_product(int inputs, int outputs, const float *weight, const float *bias) {
  use_one_thread();
  return std::make_unique<Product>(inputs, outputs, weight, bias);
}

std::unique_ptr<ce_operator> openblas_convolution(const ce_convolution_shape &shape, const float *weight,
                                                  const float *bias) {
  use_one_thread();
  return std::make_unique<Convolution>(shape, weight, bias);
}

}  // namespace attnlab
