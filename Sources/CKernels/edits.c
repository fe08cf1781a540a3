// Changes of whole matrices by interventions. Each is one plain loop: it is its own twin.

#include "ckernels.h"

#include <math.h>
#include <string.h>

static int takes_row(const ck_region *r, int i) { return !r->row_mask || r->row_mask[i]; }
static int takes_column(const ck_region *r, int j) { return !r->column_mask || r->column_mask[j]; }

void ck_edit_mix(const ck_region *r, float strength, const float *source, int source_stride, float *x) {
  for (int i = 0; i < r->rows; i++) {
    if (!takes_row(r, i)) continue;
    float *row = x + (size_t)i * r->stride;
    const float *from = source + (size_t)i * source_stride;
    for (int j = 0; j < r->columns; j++)
      // At full strength nothing of x may stay, not even its sign of zero.
      if (takes_column(r, j)) row[j] = strength == 1 ? from[j] : (1 - strength) * row[j] + strength * from[j];
  }
}

void ck_edit_fill(const ck_region *r, float value, float *x) {
  for (int i = 0; i < r->rows; i++)
    for (int j = 0; j < r->columns; j++)
      if (takes_row(r, i) && takes_column(r, j)) x[(size_t)i * r->stride + j] = value;
}

void ck_edit_scale(const ck_region *r, float factor, float *x) {
  for (int i = 0; i < r->rows; i++)
    for (int j = 0; j < r->columns; j++)
      if (takes_row(r, i) && takes_column(r, j)) x[(size_t)i * r->stride + j] *= factor;
}

void ck_edit_identity(const ck_region *r, float *x) {
  for (int i = 0; i < r->rows; i++)
    for (int j = 0; j < r->columns; j++)
      if (takes_row(r, i) && takes_column(r, j)) x[(size_t)i * r->stride + j] = i == j ? 1.0f : 0.0f;
}

void ck_edit_permute(const ck_region *r, const int32_t *order, float *x, float *copy) {
  // What lies between two rows is not this matrix's, and behind the last of them nothing need be.
  for (int i = 0; i < r->rows; i++)
    memcpy(copy + (size_t)i * r->stride, x + (size_t)i * r->stride, (size_t)r->columns * sizeof(float));
  for (int i = 0; i < r->rows; i++) {
    if (!takes_row(r, i)) continue;
    for (int j = 0; j < r->columns; j++)
      if (takes_column(r, j)) x[(size_t)i * r->stride + j] = copy[(size_t)order[i] * r->stride + j];
  }
}

/// One pass of the blur, along rows of cells `step` apart: `lines` of `length` cells.
static void blur_pass(const ck_region *r, int lines, int line_step, int length, int step, float sigma, const float *x,
                      float *y) {
  int reach = (int)ceilf(3 * sigma);
  for (int line = 0; line < lines; line++)
    for (int at = 0; at < length; at++) {
      float *to = y + (size_t)(line * line_step + at * step) * r->stride;
      float sum = 0;
      for (int j = 0; j < r->columns; j++) to[j] = 0;
      for (int k = at - reach < 0 ? -at : -reach; k <= reach && at + k < length; k++) {
        float weight = expf(-(float)(k * k) / (2 * sigma * sigma));
        const float *from = x + (size_t)(line * line_step + (at + k) * step) * r->stride;
        sum += weight;
        for (int j = 0; j < r->columns; j++) to[j] += weight * from[j];
      }
      for (int j = 0; j < r->columns; j++) to[j] /= sum;
    }
}

void ck_edit_blur(const ck_region *r, int height, int width, float sigma, float *x, float *copy) {
  // Unmasked places must keep their values: the last pass goes back by way of a copy.
  size_t size = (size_t)r->rows * r->stride;
  blur_pass(r, height, width, width, 1, sigma, x, copy);
  float *columns = copy + size;
  blur_pass(r, width, 1, height, width, sigma, copy, columns);
  for (int i = 0; i < r->rows; i++)
    for (int j = 0; j < r->columns; j++)
      if (takes_row(r, i) && takes_column(r, j)) x[(size_t)i * r->stride + j] = columns[(size_t)i * r->stride + j];
}

void ck_edit_column_mean(const ck_region *r, float *x) {
  for (int j = 0; j < r->columns; j++) {
    if (!takes_column(r, j)) continue;
    double sum = 0;
    for (int i = 0; i < r->rows; i++) sum += x[(size_t)i * r->stride + j];
    for (int i = 0; i < r->rows; i++)
      if (takes_row(r, i)) x[(size_t)i * r->stride + j] = (float)(sum / r->rows);
  }
}

void ck_edit_renormalize(const ck_region *r, float *x) {
  for (int i = 0; i < r->rows; i++) {
    float *row = x + (size_t)i * r->stride, sum = 0;
    for (int j = 0; j < r->columns; j++) sum += row[j];
    if (sum == 0) continue;
    for (int j = 0; j < r->columns; j++) row[j] /= sum;
  }
}

void ck_edit_split(const ck_region *r, const float *queries, const uint8_t *keys, float *x) {
  for (int i = 0; i < r->rows; i++) {
    if (!takes_row(r, i)) continue;
    float *row = x + (size_t)i * r->stride;
    double inside = 0, outside = 0;
    for (int j = 0; j < r->columns; j++) *(keys[j] ? &inside : &outside) += row[j];
    // A part without attention looks everywhere alike, as the softmax of scores that are all cut off does.
    double share = queries[i], everywhere = 0;
    if (inside == 0) everywhere += share / r->columns;
    if (outside == 0) everywhere += (1 - share) / r->columns;
    double in = inside == 0 ? 0 : share / inside, out = outside == 0 ? 0 : (1 - share) / outside;
    for (int j = 0; j < r->columns; j++) row[j] = (float)(row[j] * (keys[j] ? in : out) + everywhere);
  }
}

void ck_edit_part(const ck_region *r, int mass, const float *source, int source_stride, float *x) {
  for (int j = 0; j < r->columns; j++) {
    if (!takes_column(r, j)) continue;
    double own = 0, other = 0;
    for (int i = 0; i < r->rows; i++) {
      own += x[(size_t)i * r->stride + j];
      other += source[(size_t)i * source_stride + j];
    }
    if (own == 0 || other == 0) continue;
    for (int i = 0; i < r->rows; i++) {
      float *value = x + (size_t)i * r->stride + j;
      *value = mass ? (float)(*value * (other / own)) : (float)(source[(size_t)i * source_stride + j] * (own / other));
    }
  }
}
