#include "ctext.h"

#ifdef ATTNLAB_FREETYPE

#include <stdlib.h>
#include <string.h>

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

struct ctext_font {
  FT_Library library;
  FT_Face face;
  uint8_t *bytes;
  /// What pictures of a font without outlines are made smaller by; 1 with outlines.
  double shrink;
  /// The ink of a picture, once it has its size.
  uint8_t *ink;
};

/// Light hinting snaps stems to rows only, so that glyphs may stand at fractions of a pixel in x.
static const FT_Int32 load_flags = FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP;
static const FT_Int32 picture_flags = FT_LOAD_COLOR;

int ctext_available(void) { return 1; }

static int is_usable(FT_Face face) {
  return FT_IS_SCALABLE(face) || (FT_HAS_COLOR(face) && FT_HAS_FIXED_SIZES(face));
}

ctext_font *ctext_open(const uint8_t *bytes, size_t count, int *error) {
  *error = FT_Err_Out_Of_Memory;
  ctext_font *font = calloc(1, sizeof *font);
  if (!font) return NULL;
  font->shrink = 1;
  font->bytes = malloc(count ? count : 1);
  if (font->bytes) {
    memcpy(font->bytes, bytes, count);
    *error = FT_Init_FreeType(&font->library);
    if (!*error) *error = FT_New_Memory_Face(font->library, font->bytes, (FT_Long)count, 0, &font->face);
    if (!*error && !FT_IS_SCALABLE(font->face)) *error = FT_Err_Unknown_File_Format;
  }
  if (*error) {
    ctext_close(font);
    return NULL;
  }
  return font;
}

ctext_font *ctext_open_file(const char *path, int *error) {
  *error = FT_Err_Out_Of_Memory;
  ctext_font *font = calloc(1, sizeof *font);
  if (!font) return NULL;
  font->shrink = 1;
  *error = FT_Init_FreeType(&font->library);
  if (!*error) *error = FT_New_Face(font->library, path, 0, &font->face);
  if (!*error && !is_usable(font->face)) *error = FT_Err_Unknown_File_Format;
  if (*error) {
    ctext_close(font);
    return NULL;
  }
  return font;
}

void ctext_close(ctext_font *font) {
  if (!font) return;
  if (font->face) FT_Done_Face(font->face);
  if (font->library) FT_Done_FreeType(font->library);
  free(font->bytes);
  free(font->ink);
  free(font);
}

const char *ctext_family(ctext_font *font) { return font->face->family_name; }

int ctext_set_size(ctext_font *font, uint32_t pixels) {
  if (FT_IS_SCALABLE(font->face)) return FT_Set_Pixel_Sizes(font->face, 0, pixels);
  // The smallest picture that is large enough, or the largest.
  FT_Int chosen = 0;
  for (FT_Int i = 1; i < font->face->num_fixed_sizes; i++) {
    FT_Pos own = font->face->available_sizes[i].y_ppem, best = font->face->available_sizes[chosen].y_ppem;
    FT_Pos wanted = (FT_Pos)pixels * 64;
    if (best < wanted ? own > best : own >= wanted && own < best) chosen = i;
  }
  FT_Pos size = font->face->available_sizes[chosen].y_ppem;
  font->shrink = size > 0 ? (double)size / 64 / pixels : 1;
  if (font->shrink < 1) font->shrink = 1;
  return FT_Select_Size(font->face, chosen);
}

uint32_t ctext_glyph(ctext_font *font, uint32_t scalar) { return FT_Get_Char_Index(font->face, scalar); }

int ctext_advance(ctext_font *font, uint32_t glyph, int32_t *advance) {
  int outlines = FT_IS_SCALABLE(font->face);
  int error = FT_Load_Glyph(font->face, glyph, outlines ? load_flags : picture_flags);
  *advance = 0;
  if (error) return error;
  FT_GlyphSlot slot = font->face->glyph;
  // 16.16 to 26.6, to nearest.
  *advance = outlines ? (int32_t)((slot->linearHoriAdvance + 512) >> 10)
                      : (int32_t)((double)slot->advance.x / font->shrink);
  return 0;
}

int ctext_kerning(ctext_font *font, uint32_t left, uint32_t right, int32_t *kerning) {
  FT_Vector vector = {0, 0};
  int error = FT_HAS_KERNING(font->face) ? FT_Get_Kerning(font->face, left, right, FT_KERNING_UNFITTED, &vector) : 0;
  *kerning = error ? 0 : (int32_t)vector.x;
  return error;
}

/// The ink of one pixel of a picture: the darker the more, and enough of a light one to see its shape.
static double darkness(const uint8_t *bgra) {
  // The colors are multiplied by the opacity already.
  double light = 0.114 * bgra[0] + 0.587 * bgra[1] + 0.299 * bgra[2];
  return 0.25 * bgra[3] + 0.75 * (bgra[3] - light);
}

/// Makes a colored picture smaller, as the ink that a glyph has: each pixel is the mean of those that it covers.
static int shrink(ctext_font *font, const FT_Bitmap *from, ctext_bitmap *bitmap) {
  int32_t width = (int32_t)(from->width / font->shrink), rows = (int32_t)(from->rows / font->shrink);
  if (from->pixel_mode != FT_PIXEL_MODE_BGRA) return FT_Err_Unimplemented_Feature;
  if (width < 1) width = 1;
  if (rows < 1) rows = 1;
  free(font->ink);
  font->ink = calloc((size_t)width * (size_t)rows, 1);
  if (!font->ink) return FT_Err_Out_Of_Memory;
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t column = 0; column < width; column++) {
      uint32_t top = (uint32_t)row * from->rows / (uint32_t)rows;
      uint32_t bottom = (uint32_t)(row + 1) * from->rows / (uint32_t)rows;
      uint32_t left = (uint32_t)column * from->width / (uint32_t)width;
      uint32_t right = (uint32_t)(column + 1) * from->width / (uint32_t)width;
      double sum = 0;
      for (uint32_t y = top; y < bottom; y++) {
        for (uint32_t x = left; x < right; x++) sum += darkness(from->buffer + (ptrdiff_t)y * from->pitch + 4 * x);
      }
      uint32_t count = (bottom - top) * (right - left);
      font->ink[(size_t)row * (size_t)width + (size_t)column] = count ? (uint8_t)(sum / count + 0.5) : 0;
    }
  }
  bitmap->coverage = font->ink;
  bitmap->width = width;
  bitmap->rows = rows;
  bitmap->pitch = width;
  return 0;
}

int ctext_render(ctext_font *font, uint32_t glyph, int32_t fraction, ctext_bitmap *bitmap) {
  int outlines = FT_IS_SCALABLE(font->face);
  int error = FT_Load_Glyph(font->face, glyph, outlines ? load_flags : picture_flags);
  if (error) return error;
  FT_GlyphSlot slot = font->face->glyph;
  if (!outlines) {
    bitmap->left = (int32_t)(slot->bitmap_left / font->shrink);
    bitmap->top = (int32_t)(slot->bitmap_top / font->shrink);
    return shrink(font, &slot->bitmap, bitmap);
  }
  if (slot->format == FT_GLYPH_FORMAT_OUTLINE) FT_Outline_Translate(&slot->outline, fraction, 0);
  error = FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL);
  if (error) return error;
  bitmap->coverage = slot->bitmap.buffer;
  bitmap->width = (int32_t)slot->bitmap.width;
  bitmap->rows = (int32_t)slot->bitmap.rows;
  bitmap->pitch = slot->bitmap.pitch;
  bitmap->left = slot->bitmap_left;
  bitmap->top = slot->bitmap_top;
  return 0;
}

#else

int ctext_available(void) { return 0; }

ctext_font *ctext_open(const uint8_t *bytes, size_t count, int *error) {
  (void)bytes;
  (void)count;
  *error = 1;
  return NULL;
}

ctext_font *ctext_open_file(const char *path, int *error) {
  (void)path;
  *error = 1;
  return NULL;
}

void ctext_close(ctext_font *font) { (void)font; }

const char *ctext_family(ctext_font *font) {
  (void)font;
  return NULL;
}

int ctext_set_size(ctext_font *font, uint32_t pixels) {
  (void)font;
  (void)pixels;
  return 1;
}

uint32_t ctext_glyph(ctext_font *font, uint32_t scalar) {
  (void)font;
  (void)scalar;
  return 0;
}

int ctext_advance(ctext_font *font, uint32_t glyph, int32_t *advance) {
  (void)font;
  (void)glyph;
  *advance = 0;
  return 1;
}

int ctext_kerning(ctext_font *font, uint32_t left, uint32_t right, int32_t *kerning) {
  (void)font;
  (void)left;
  (void)right;
  *kerning = 0;
  return 1;
}

int ctext_render(ctext_font *font, uint32_t glyph, int32_t fraction, ctext_bitmap *bitmap) {
  (void)font;
  (void)glyph;
  (void)fraction;
  (void)bitmap;
  return 1;
}

#endif
