#ifndef ATTNLAB_CTEXT_H
#define ATTNLAB_CTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "cpngfile.h"

/// 1 where the build found FreeType, 0 where text cannot be drawn: then every function below fails.
int ctext_available(void);

/// One face of a font file and a size. Not safe to use from two threads at once.
typedef struct ctext_font ctext_font;

/// A glyph's coverage, 0 (paper) to 255 (ink), `rows` rows of `width` bytes, `pitch` bytes apart.
/// It belongs to the font and is overwritten by the next call to `ctext_render`.
typedef struct {
  const uint8_t *coverage;
  int32_t width;
  int32_t rows;
  int32_t pitch;
  /// From the pen to the bitmap's left edge, and from the baseline up to its top edge, in pixels.
  int32_t left;
  int32_t top;
} ctext_bitmap;

/// Reads a font from `count` bytes, which are copied. NULL on failure, with FreeType's error code in `error`.
ctext_font *ctext_open(const uint8_t *bytes, size_t count, int *error);

/// The same of the first face of a font file, which is mapped, not read. One without outlines but with colored pictures, as
/// those of emoji are, will do: their ink is drawn.
ctext_font *ctext_open_file(const char *path, int *error);
void ctext_close(ctext_font *font);

/// The name of the face's family; NULL where it has none. It belongs to the font.
const char *ctext_family(ctext_font *font);

/// Sets the size of the em in pixels. Like all below: 0, or FreeType's error code.
int ctext_set_size(ctext_font *font, uint32_t pixels);

/// The font's number for a Unicode scalar; 0, the box of missing glyphs, if it has none.
uint32_t ctext_glyph(ctext_font *font, uint32_t scalar);

/// How far the pen moves after a glyph, unhinted, and how much nearer (negative) the next one stands, in 1/64 pixel.
int ctext_advance(ctext_font *font, uint32_t glyph, int32_t *advance);
int ctext_kerning(ctext_font *font, uint32_t left, uint32_t right, int32_t *kerning);

/// Draws a glyph whose pen stands `fraction` (0...63) 64ths of a pixel right of a pixel's edge.
int ctext_render(ctext_font *font, uint32_t glyph, int32_t fraction, ctext_bitmap *bitmap);

#endif
