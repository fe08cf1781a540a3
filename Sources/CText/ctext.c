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
};

/// Light hinting snaps stems to rows only, so that glyphs may stand at fractions of a pixel in x.
static const FT_Int32 load_flags = FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP;

int ctext_available(void) { return 1; }

ctext_font *ctext_open(const uint8_t *bytes, size_t count, int *error) {
  *error = FT_Err_Out_Of_Memory;
  ctext_font *font = calloc(1, sizeof *font);
  if (!font) return NULL;
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

void ctext_close(ctext_font *font) {
  if (!font) return;
  if (font->face) FT_Done_Face(font->face);
  if (font->library) FT_Done_FreeType(font->library);
  free(font->bytes);
  free(font);
}

int ctext_set_size(ctext_font *font, uint32_t pixels) { return FT_Set_Pixel_Sizes(font->face, 0, pixels); }

uint32_t ctext_glyph(ctext_font *font, uint32_t scalar) { return FT_Get_Char_Index(font->face, scalar); }

int ctext_advance(ctext_font *font, uint32_t glyph, int32_t *advance) {
  int error = FT_Load_Glyph(font->face, glyph, load_flags);
  // 16.16 to 26.6, to nearest.
  *advance = error ? 0 : (int32_t)((font->face->glyph->linearHoriAdvance + 512) >> 10);
  return error;
}

int ctext_kerning(ctext_font *font, uint32_t left, uint32_t right, int32_t *kerning) {
  FT_Vector vector = {0, 0};
  int error = FT_HAS_KERNING(font->face) ? FT_Get_Kerning(font->face, left, right, FT_KERNING_UNFITTED, &vector) : 0;
  *kerning = error ? 0 : (int32_t)vector.x;
  return error;
}

int ctext_render(ctext_font *font, uint32_t glyph, int32_t fraction, ctext_bitmap *bitmap) {
  int error = FT_Load_Glyph(font->face, glyph, load_flags);
  if (error) return error;
  FT_GlyphSlot slot = font->face->glyph;
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

void ctext_close(ctext_font *font) { (void)font; }

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
