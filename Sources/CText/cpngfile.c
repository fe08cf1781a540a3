#include "cpngfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>

struct cpngfile_reader {
  FILE *file;
  png_structp png;
  png_infop info;
};

static void keep_message(char *message, const char *text) { snprintf(message, CPNGFILE_MESSAGE, "%s", text); }

static void on_error(png_structp png, png_const_charp text) {
  keep_message(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_file(png_structp png, png_bytep bytes, size_t count) {
  FILE *file = png_get_io_ptr(png);
  errno = 0;
  if (fread(bytes, 1, count, file) == count) return;
  png_error(png, ferror(file) ? strerror(errno) : "the file ends too early");
}

/// Does what needs no room for pixels. Apart from the caller, so that no local of the caller lives across setjmp.
static int read_header(cpngfile_reader *reader) {
  if (setjmp(png_jmpbuf(reader->png))) return 0;
  png_set_read_fn(reader->png, reader->file, read_file);
  png_set_sig_bytes(reader->png, 8);
  // Texts, profiles and all else that no pixel needs are passed over, a kilobyte at a time: whatever they claim to unpack
  // to, and however long they claim to be, they take no memory.
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  // The caller knows its own limit on the number of pixels; libpng's default limit of a side is a million.
  png_set_user_limits(reader->png, 0x7fffffff, 0x7fffffff);
  png_read_info(reader->png, reader->info);
  return 1;
}

cpngfile_reader *cpngfile_open(int descriptor, uint32_t *width, uint32_t *height, int *not_png, char *message) {
  *not_png = 0;
  keep_message(message, "out of memory");
  cpngfile_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  // Closing the stream closes its descriptor: the caller's own stays open.
  const int own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  reader->file = own < 0 ? NULL : fdopen(own, "rb");
  if (own >= 0 && !reader->file) close(own);
  png_byte signature[8];
  errno = reader->file ? 0 : errno;
  size_t got = reader->file ? fread(signature, 1, sizeof signature, reader->file) : 0;
  if (!reader->file || ferror(reader->file)) {
    keep_message(message, strerror(errno));
  } else if (got < sizeof signature || png_sig_cmp(signature, 0, sizeof signature)) {
    *not_png = 1;
    keep_message(message, got ? "it does not begin with PNG's signature" : "it is empty");
  } else {
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
    if (reader->png) reader->info = png_create_info_struct(reader->png);
    if (reader->info && read_header(reader)) {
      *width = png_get_image_width(reader->png, reader->info);
      *height = png_get_image_height(reader->png, reader->info);
      return reader;
    }
  }
  cpngfile_close(reader);
  return NULL;
}

/// Asks libpng for RGBA of 8 bits whatever the file holds, lays it over white, and reads to the file's end.
///
/// A row at a time: `row` has room for one. An interlaced file comes in seven passes, each of some of the pixels.
static int read_rows(cpngfile_reader *reader, png_bytep row, uint8_t *rgb) {
  png_structp png = reader->png;
  if (setjmp(png_jmpbuf(png))) return 0;
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  const size_t width = png_get_image_width(png, reader->info), height = png_get_image_height(png, reader->info);
  for (int pass = 0; pass < passes; pass++) {
    const size_t start = passes == 1 ? 0 : PNG_PASS_START_COL(pass);
    const size_t step = passes == 1 ? 1 : (size_t)1 << PNG_PASS_COL_SHIFT(pass);
    for (size_t y = 0; y < height; y++) {
      png_read_row(png, row, NULL);
      if (passes > 1 && !PNG_ROW_IN_INTERLACE_PASS(y, pass)) continue;
      for (size_t x = start; x < width; x += step) {
        const unsigned alpha = row[4 * x + 3];
        for (size_t c = 0; c < 3; c++) {
          rgb[3 * (y * width + x) + c] = (uint8_t)((row[4 * x + c] * alpha + 255 * (255 - alpha) + 127) / 255);
        }
      }
    }
  }
  png_read_end(png, NULL);
  return 1;
}

int cpngfile_pixels(cpngfile_reader *reader, uint8_t *rgb, char *message) {
  keep_message(message, "out of memory");
  png_bytep row = malloc((size_t)png_get_image_width(reader->png, reader->info) * 4);
  const int done = row && read_rows(reader, row, rgb);
  free(row);
  return done;
}

void cpngfile_close(cpngfile_reader *reader) {
  if (!reader) return;
  if (reader->png) {
    png_destroy_read_struct(&reader->png, reader->info ? &reader->info : NULL, NULL);
  }
  if (reader->file) fclose(reader->file);
  free(reader);
}

struct buffer {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
};

/// 0 where there is no memory; the buffer is then as it was.
static int extend(struct buffer *buffer, const uint8_t *bytes, size_t count) {
  if (buffer->capacity - buffer->count < count) {
    size_t capacity = 2 * buffer->capacity + count + 4096;
    uint8_t *grown = realloc(buffer->bytes, capacity);
    if (!grown) return 0;
    buffer->bytes = grown;
    buffer->capacity = capacity;
  }
  if (count) memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
  return 1;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
  if (!extend(png_get_io_ptr(png), bytes, count)) png_error(png, "out of memory");
}

static void flush(png_structp png) { (void)png; }

static int is_ascii(const char *text) {
  for (; *text; text++) {
    if ((unsigned char)*text >= 0x80) return 0;
  }
  return 1;
}

static int write_all(
    png_structp png, png_infop info, struct buffer *buffer, const uint8_t *rgb, uint32_t width, uint32_t height,
    png_textp texts, int count) {
  if (setjmp(png_jmpbuf(png))) return 0;
  png_set_write_fn(png, buffer, append, flush);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  // Fixed, so that the bytes do not follow another version's defaults.
  png_set_compression_level(png, 6);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE | PNG_FILTER_SUB | PNG_FILTER_UP | PNG_FILTER_PAETH);
  png_set_IHDR(
      png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
      PNG_FILTER_TYPE_DEFAULT);
  if (count) png_set_text(png, info, texts, count);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, rgb + (size_t)y * width * 3);
  png_write_end(png, NULL);
  return 1;
}

uint8_t *cpngfile_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, const char *const *keys, const char *const *values, int count,
    size_t *bytes, char *message) {
  keep_message(message, "out of memory");
  struct buffer buffer = {NULL, 0, 0};
  png_textp texts = calloc(count > 0 ? (size_t)count : 1, sizeof *texts);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  int done = 0;
  if (texts && info) {
    for (int i = 0; i < count; i++) {
      texts[i].key = (png_charp)keys[i];
      texts[i].text = (png_charp)values[i];
      texts[i].compression = is_ascii(values[i]) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    }
    done = write_all(png, info, &buffer, rgb, width, height, texts, count);
  }
  if (png) png_destroy_write_struct(&png, info ? &info : NULL);
  free(texts);
  *bytes = buffer.count;
  if (done) return buffer.bytes;
  free(buffer.bytes);
  return NULL;
}

/// What an animation is made of.
struct animation {
  const uint8_t *pngs;
  const size_t *sizes;
  const uint16_t *delays;
  int frames;
};

/// A frame's place, 0, 0, its size, its delay; it stays until the next one is laid over it.
static void write_frame_control(png_structp png, const uint8_t *header, uint16_t delay, uint32_t sequence) {
  uint8_t control[26] = {0};
  png_save_uint_32(control, sequence);
  memcpy(control + 4, header, 8);
  png_save_uint_16(control + 20, delay);
  png_save_uint_16(control + 22, 100);
  png_write_chunk(png, (png_const_bytep) "fcTL", control, sizeof control);
}

/// Copies the chunks of each frame: all of the first, and the pixels of the others under another name.
static int write_animation(png_structp png, struct buffer *buffer, const struct animation *animation, struct buffer *data) {
  if (setjmp(png_jmpbuf(png))) return 0;
  png_set_write_fn(png, buffer, append, flush);
  png_write_sig(png);
  const uint8_t *frame = animation->pngs;
  const uint8_t *header = frame + 16;
  uint32_t sequence = 0;
  for (int i = 0; i < animation->frames; i++) {
    const uint8_t *end = frame + animation->sizes[i];
    int has_control = 0;
    for (const uint8_t *chunk = frame + 8; end - chunk >= 12;) {
      const uint32_t length = png_get_uint_32(chunk);
      if (length > (size_t)(end - chunk) - 12) png_error(png, "a frame is cut off");
      const uint8_t *name = chunk + 4, *bytes = chunk + 8;
      const int is_pixels = !memcmp(name, "IDAT", 4);
      if (is_pixels && !has_control) {
        write_frame_control(png, header, animation->delays[i], sequence++);
        has_control = 1;
      }
      if (is_pixels && i > 0) {
        data->count = 0;
        uint8_t number[4];
        png_save_uint_32(number, sequence++);
        if (!extend(data, number, 4) || !extend(data, bytes, length)) png_error(png, "out of memory");
        png_write_chunk(png, (png_const_bytep) "fdAT", data->bytes, data->count);
      } else if (i == 0 && memcmp(name, "IEND", 4)) {
        png_write_chunk(png, name, bytes, length);
      }
      if (i == 0 && !memcmp(name, "IHDR", 4)) {
        uint8_t control[8] = {0};
        png_save_uint_32(control, (uint32_t)animation->frames);
        png_write_chunk(png, (png_const_bytep) "acTL", control, sizeof control);
      }
      chunk += 12 + length;
    }
    frame = end;
  }
  png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
  return 1;
}

uint8_t *cpngfile_animate(
    const uint8_t *pngs, const size_t *sizes, const uint16_t *delays, int frames, size_t *count, char *message) {
  keep_message(message, "out of memory");
  const struct animation animation = {pngs, sizes, delays, frames};
  struct buffer buffer = {NULL, 0, 0}, data = {NULL, 0, 0};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  const int done = png && write_animation(png, &buffer, &animation, &data);
  if (png) png_destroy_write_struct(&png, NULL);
  free(data.bytes);
  *count = buffer.count;
  if (done) return buffer.bytes;
  free(buffer.bytes);
  return NULL;
}

void cpngfile_free(uint8_t *bytes) { free(bytes); }
