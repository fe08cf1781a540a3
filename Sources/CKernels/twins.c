// The plain twins: each kernel once more, in double precision and in the order of its definition.

#include "ckernels.h"

#include <math.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double activation(ck_activation f, double x) {
  switch (f) {
    case CK_SILU: return x * sigmoid(x);
    case CK_GELU: return 0.5 * x * (1 + erf(x / sqrt(2.0)));
    case CK_QUICK_GELU: return x * sigmoid(1.702 * x);
    case CK_RELU: return x < 0 ? 0 : x;
  }
  return x;
}

void ck_twin_activate(ck_activation f, size_t count, const float *x, double *y) {
  for (size_t i = 0; i < count; i++) y[i] = activation(f, x[i]);
}

void ck_twin_geglu(int rows, int channels, const float *x, double *y) {
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < channels; c++)
      y[(size_t)r * channels + c] = x[(size_t)r * 2 * channels + c] *
                                    activation(CK_GELU, x[(size_t)r * 2 * channels + channels + c]);
}

void ck_twin_group_norm(int batch, int pixels, int channels, int groups, float epsilon, int silu, const float *x,
                        const float *gamma, const float *beta, double *y) {
  int size = channels / groups;
  for (int n = 0; n < batch; n++)
    for (int g = 0; g < groups; g++) {
      const float *from = x + (size_t)n * pixels * channels + g * size;
      double sum = 0, squares = 0;
      for (int p = 0; p < pixels; p++)
        for (int c = 0; c < size; c++) sum += from[(size_t)p * channels + c];
      double mean = sum / ((double)pixels * size);
      for (int p = 0; p < pixels; p++)
        for (int c = 0; c < size; c++) {
          double d = from[(size_t)p * channels + c] - mean;
          squares += d * d;
        }
      double inverse = 1 / sqrt(squares / ((double)pixels * size) + epsilon);
      for (int p = 0; p < pixels; p++)
        for (int c = 0; c < size; c++) {
          size_t i = ((size_t)n * pixels + p) * channels + g * size + c;
          double v = (x[i] - mean) * inverse * gamma[g * size + c] + beta[g * size + c];
          y[i] = silu ? activation(CK_SILU, v) : v;
        }
    }
}

void ck_twin_layer_norm(int rows, int channels, float epsilon, const float *x, const float *gamma, const float *beta,
                        double *y) {
  for (int r = 0; r < rows; r++) {
    const float *row = x + (size_t)r * channels;
    double sum = 0, squares = 0;
    for (int c = 0; c < channels; c++) sum += row[c];
    double mean = sum / channels;
    for (int c = 0; c < channels; c++) squares += (row[c] - mean) * (row[c] - mean);
    double inverse = 1 / sqrt(squares / channels + epsilon);
    for (int c = 0; c < channels; c++)
      y[(size_t)r * channels + c] = (row[c] - mean) * inverse * gamma[c] + beta[c];
  }
}

void ck_twin_attention(const ck_attention_shape *s, const float *q, const float *k, const float *v,
                       double *probabilities, double *out) {
  for (int i = 0; i < s->queries; i++) {
    double *row = probabilities + (size_t)i * s->keys;
    int seen = s->causal && i + 1 < s->keys ? i + 1 : s->keys;
    double largest = -INFINITY, sum = 0;
    for (int j = 0; j < seen; j++) {
      double score = 0;
      for (int d = 0; d < s->head_dim; d++)
        score += (double)q[(size_t)i * s->query_stride + d] * k[(size_t)j * s->key_stride + d];
      row[j] = score * s->scale;
      if (row[j] > largest) largest = row[j];
    }
    for (int j = 0; j < seen; j++) sum += row[j] = exp(row[j] - largest);
    for (int j = 0; j < s->keys; j++) row[j] = j < seen ? row[j] / sum : 0;
    for (int d = 0; d < s->head_dim; d++) {
      double value = 0;
      for (int j = 0; j < seen; j++) value += row[j] * v[(size_t)j * s->value_stride + d];
      out[(size_t)i * s->head_dim + d] = value;
    }
  }
}
