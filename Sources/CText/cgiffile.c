#include "include/cgiffile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ATTNLAB_GIFLIB

#include <gif_lib.h>

int cgiffile_available(void) { return 1; }

typedef struct {
  uint8_t *bytes;
  size_t count, room;
} growing;

static int append(GifFileType *gif, const GifByteType *bytes, int count) {
  growing *out = gif->UserData;
  if (out->count + (size_t)count > out->room) {
    size_t room = out->room ? out->room * 2 : 1 << 16;
    while (room < out->count + (size_t)count) room *= 2;
    uint8_t *grown = realloc(out->bytes, room);
    if (grown == NULL) return 0;
    out->bytes = grown;
    out->room = room;
  }
  memcpy(out->bytes + out->count, bytes, (size_t)count);
  out->count += (size_t)count;
  return count;
}

/// A frame as indices into a table of at most 256 colours.
typedef struct {
  GifByteType *red, *green, *blue, *indices;
  GifColorType colors[256];
  int color_count;
} indexed;

/// Indexes a frame that has at most 256 colours, in the order in which they first occur. 0 if it has more.
static int index_exactly(indexed *frame, const uint8_t *rgb, int pixels) {
  enum { slots = 1024 };
  uint32_t keys[slots];
  int16_t found[slots];
  memset(found, -1, sizeof found);
  frame->color_count = 0;
  for (int i = 0; i < pixels; i++) {
    const uint32_t key = (uint32_t)rgb[3 * i] << 16 | (uint32_t)rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
    uint32_t slot = key * 2654435761u >> 22;
    while (found[slot] >= 0 && keys[slot] != key) slot = (slot + 1) % slots;
    if (found[slot] < 0) {
      if (frame->color_count == 256) return 0;
      keys[slot] = key;
      found[slot] = (int16_t)frame->color_count;
      frame->colors[frame->color_count++] = (GifColorType){rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]};
    }
    frame->indices[i] = (GifByteType)found[slot];
  }
  return 1;
}

static int index_frame(indexed *frame, const uint8_t *rgb, int width, int height) {
  const int pixels = width * height;
  if (index_exactly(frame, rgb, pixels)) return 1;
  for (int i = 0; i < pixels; i++) {
    frame->red[i] = rgb[3 * i];
    frame->green[i] = rgb[3 * i + 1];
    frame->blue[i] = rgb[3 * i + 2];
  }
  frame->color_count = 256;
  return GifQuantizeBuffer(
             (unsigned)width, (unsigned)height, &frame->color_count, frame->red, frame->green, frame->blue, frame->indices,
             frame->colors) == GIF_OK;
}

static int put_loop(GifFileType *gif) {
  static const char name[] = "NETSCAPE2.0";
  static const GifByteType forever[] = {1, 0, 0};
  return EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) && EGifPutExtensionBlock(gif, 11, name)
         && EGifPutExtensionBlock(gif, sizeof forever, forever) && EGifPutExtensionTrailer(gif);
}

static int put_frame(GifFileType *gif, const indexed *frame, int width, int height, uint16_t delay) {
  GraphicsControlBlock control = {
      .DisposalMode = DISPOSE_DO_NOT, .UserInputFlag = 0, .DelayTime = delay, .TransparentColor = NO_TRANSPARENT_COLOR};
  GifByteType extension[4];
  const size_t length = EGifGCBToExtension(&control, extension);
  if (!EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, (int)length, extension)) return 0;
  // A table has a power of two of colours, 2 or more.
  int table = 2;
  while (table < frame->color_count) table *= 2;
  GifColorType colors[256] = {{0}};
  memcpy(colors, frame->colors, sizeof(GifColorType) * (size_t)frame->color_count);
  ColorMapObject *map = GifMakeMapObject(table, colors);
  if (map == NULL) return 0;
  int done = EGifPutImageDesc(gif, 0, 0, width, height, 0, map);
  GifFreeMapObject(map);
  for (int y = 0; done && y < height; y++) done = EGifPutLine(gif, frame->indices + (size_t)y * (size_t)width, width);
  return done;
}

uint8_t *cgiffile_encode(
    const uint8_t *rgb, uint16_t width, uint16_t height, const uint16_t *delays, int frames, size_t *count,
    char *message) {
  growing out = {NULL, 0, 0};
  int error = 0;
  const size_t pixels = (size_t)width * height;
  GifByteType *planes = malloc(4 * pixels);
  GifFileType *gif = planes == NULL ? NULL : EGifOpen(&out, append, &error);
  if (gif == NULL) {
    snprintf(message, CGIFFILE_MESSAGE, "%s", planes == NULL ? "out of memory" : GifErrorString(error));
    free(planes);
    return NULL;
  }
  indexed frame = {planes, planes + pixels, planes + 2 * pixels, planes + 3 * pixels, {{0}}, 0};
  EGifSetGifVersion(gif, true);
  int done = EGifPutScreenDesc(gif, width, height, 8, 0, NULL) && put_loop(gif);
  for (int i = 0; done && i < frames; i++) {
    done = index_frame(&frame, rgb + 3 * pixels * (size_t)i, width, height)
           && put_frame(gif, &frame, width, height, delays[i]);
  }
  const char *reason = done ? NULL : GifErrorString(gif->Error);
  if (!done) snprintf(message, CGIFFILE_MESSAGE, "%s", reason == NULL ? "giflib gave no reason" : reason);
  if (!EGifCloseFile(gif, &error) && done) {
    snprintf(message, CGIFFILE_MESSAGE, "%s", GifErrorString(error));
    done = 0;
  }
  free(planes);
  if (!done) {
    free(out.bytes);
    return NULL;
  }
  *count = out.count;
  return out.bytes;
}

#else

int cgiffile_available(void) { return 0; }

uint8_t *cgiffile_encode(
    const uint8_t *rgb, uint16_t width, uint16_t height, const uint16_t *delays, int frames, size_t *count,
    char *message) {
  (void)rgb, (void)width, (void)height, (void)delays, (void)frames, (void)count;
  snprintf(message, CGIFFILE_MESSAGE, "%s", "this build has no giflib");
  return NULL;
}

#endif

void cgiffile_free(uint8_t *bytes) { free(bytes); }
