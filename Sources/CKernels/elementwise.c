// Moves and sums that memory bounds: plain C is as fast as they get.

#include "ckernels.h"

#include <string.h>

typedef struct {
  int pixels, channels, other_channels, height, width, out_height, out_width, kernel, stride;
  size_t count;
  const float *x, *b;
  float *y;
} move;

enum { CHUNK = 1 << 15, TILE = 16 };

static void add_channels_job(void *context, int n, int worker) {
  (void)worker;
  const move *m = context;
  const float *x = m->x + (size_t)n * m->channels;
  float *y = m->y + (size_t)n * m->pixels * m->channels;
  for (int p = 0; p < m->pixels; p++, y += m->channels)
    for (int c = 0; c < m->channels; c++) y[c] += x[c];
}

void ck_add_channels(int threads, int batch, int pixels, int channels, const float *x, float *y) {
  move m = {.pixels = pixels, .channels = channels, .x = x, .y = y};
  ck_parallel(threads, batch, add_channels_job, &m);
}

static void add_job(void *context, int index, int worker) {
  (void)worker;
  const move *m = context;
  size_t from = (size_t)index * CHUNK, to = from + CHUNK < m->count ? from + CHUNK : m->count;
  for (size_t i = from; i < to; i++) m->y[i] += m->x[i];
}

void ck_add(int threads, size_t count, const float *x, float *y) {
  move m = {.count = count, .x = x, .y = y};
  ck_parallel(threads, (int)((count + CHUNK - 1) / CHUNK), add_job, &m);
}

static void transpose_job(void *context, int n, int worker) {
  (void)worker;
  const move *m = context;
  int rows = m->height, columns = m->width;
  const float *x = m->x + (size_t)n * rows * columns;
  float *y = m->y + (size_t)n * rows * columns;
  for (int r0 = 0; r0 < rows; r0 += TILE)
    for (int c0 = 0; c0 < columns; c0 += TILE)
      for (int r = r0; r < r0 + TILE && r < rows; r++)
        for (int c = c0; c < c0 + TILE && c < columns; c++) y[(size_t)c * rows + r] = x[(size_t)r * columns + c];
}

void ck_transpose(int threads, int batch, int rows, int columns, const float *x, float *y) {
  move m = {.height = rows, .width = columns, .x = x, .y = y};
  ck_parallel(threads, batch, transpose_job, &m);
}

static void concatenate_job(void *context, int index, int worker) {
  (void)worker;
  const move *m = context;
  size_t a = (size_t)m->channels, b = (size_t)m->other_channels;
  int from = index * TILE, to = from + TILE < m->pixels ? from + TILE : m->pixels;
  for (int r = from; r < to; r++) {
    float *y = m->y + (size_t)r * (a + b);
    memcpy(y, m->x + (size_t)r * a, a * sizeof *y);
    memcpy(y + a, m->b + (size_t)r * b, b * sizeof *y);
  }
}

void ck_concatenate(int threads, int rows, int a_channels, const float *a, int b_channels, const float *b, float *y) {
  move m = {.pixels = rows, .channels = a_channels, .other_channels = b_channels, .x = a, .b = b, .y = y};
  ck_parallel(threads, (rows + TILE - 1) / TILE, concatenate_job, &m);
}

static void upsample_job(void *context, int index, int worker) {
  (void)worker;
  const move *m = context;
  size_t channels = (size_t)m->channels;
  int n = index / m->out_height, row = index % m->out_height;
  int from = (int)((int64_t)row * m->height / m->out_height);
  const float *x = m->x + ((size_t)n * m->height + from) * m->width * channels;
  float *y = m->y + (size_t)index * m->out_width * channels;
  for (int column = 0; column < m->out_width; column++)
    memcpy(y + (size_t)column * channels, x + (size_t)((int64_t)column * m->width / m->out_width) * channels,
           channels * sizeof *y);
}

void ck_upsample_nearest(int threads, int batch, int height, int width, int channels, int out_height, int out_width,
                         const float *x, float *y) {
  move m = {.channels = channels, .height = height, .width = width, .out_height = out_height, .out_width = out_width,
            .x = x, .y = y};
  ck_parallel(threads, batch * out_height, upsample_job, &m);
}

static void max_pool_job(void *context, int index, int worker) {
  (void)worker;
  const move *m = context;
  size_t channels = (size_t)m->channels;
  int n = index / m->out_height, row = index % m->out_height;
  for (int column = 0; column < m->out_width; column++) {
    float *y = m->y + ((size_t)index * m->out_width + column) * channels;
    const float *corner =
        m->x + (((size_t)n * m->height + row * m->stride) * m->width + column * m->stride) * channels;
    memcpy(y, corner, channels * sizeof *y);
    for (int cell = 1; cell < m->kernel * m->kernel; cell++) {
      const float *x = corner + ((size_t)(cell / m->kernel) * m->width + cell % m->kernel) * channels;
      for (size_t c = 0; c < channels; c++) y[c] = x[c] > y[c] ? x[c] : y[c];
    }
  }
}

void ck_max_pool(int threads, int batch, int height, int width, int channels, int kernel, int stride, const float *x,
                 float *y) {
  move m = {.channels = channels, .height = height, .width = width, .kernel = kernel, .stride = stride, .x = x, .y = y};
  m.out_height = (height - kernel) / stride + 1;
  m.out_width = (width - kernel) / stride + 1;
  ck_parallel(threads, batch * m.out_height, max_pool_job, &m);
}
