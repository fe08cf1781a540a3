#ifndef ATTNLAB_CPNGFILE_H
#define ATTNLAB_CPNGFILE_H

#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must not cross a Swift frame. Every function here catches it and returns
// instead. A function that fails leaves its reason, NUL-terminated, in `message`, of CPNGFILE_MESSAGE bytes.

#define CPNGFILE_MESSAGE 160

/// A file that is being read: first its header, then its pixels.
typedef struct cpngfile_reader cpngfile_reader;

/// Reads an open file up to its first pixels. Sides are those of the header; nothing of their size is allocated. Chunks
/// that say nothing of pixels are passed over. The descriptor stays the caller's and must be at the file's beginning.
/// NULL on failure. `not_png` is then 1 if the file is readable but begins with something other than PNG's signature.
cpngfile_reader *cpngfile_open(int descriptor, uint32_t *width, uint32_t *height, int *not_png, char *message);

/// Reads all pixels as RGB of 8 bits into `rgb`, of `height * width * 3` bytes. Gray and palette become RGB, 16 bits are
/// rounded to 8, alpha is laid over white. Beside `rgb` it takes a few rows. 0 on failure.
int cpngfile_pixels(cpngfile_reader *reader, uint8_t *rgb, char *message);

void cpngfile_close(cpngfile_reader *reader);

/// Writes RGB of 8 bits as a PNG of `*count` bytes, which the caller frees with `cpngfile_free`. NULL on failure.
/// `keys` and `values` are `texts` NUL-terminated strings; a value outside ASCII becomes an iTXt chunk.
/// The bytes depend on the arguments and the versions of libpng and zlib alone.
uint8_t *cpngfile_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, const char *const *keys, const char *const *values, int texts,
    size_t *count, char *message);

/// Joins PNGs of one size and kind, as `cpngfile_encode` makes them, into an animated PNG that repeats for ever; a reader
/// that knows no animation shows the first. NULL on failure. To be freed as above.
/// - `pngs`: one after another, `sizes[i]` bytes each.
/// - `delays`: how long each frame stays, in hundredths of a second.
/// Source: the Animated PNG extension, part of the PNG specification's third edition (2025).
uint8_t *cpngfile_animate(
    const uint8_t *pngs, const size_t *sizes, const uint16_t *delays, int frames, size_t *count, char *message);
void cpngfile_free(uint8_t *bytes);

#endif
