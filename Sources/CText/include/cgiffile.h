#ifndef ATTNLAB_CGIFFILE_H
#define ATTNLAB_CGIFFILE_H

#include <stddef.h>
#include <stdint.h>

#define CGIFFILE_MESSAGE 160

/// 1 where the build found giflib, 0 where GIF files cannot be written.
int cgiffile_available(void);

/// Writes `frames` pictures of 8-bit RGB, one after another in `rgb`, as a GIF of `*count` bytes that repeats for ever; the
/// caller frees it with `cgiffile_free`. Each frame has a colour table of its own: its colours as they are, or the best
/// 256 of them (giflib's median cut). NULL on failure, with the reason in `message`, of CGIFFILE_MESSAGE bytes.
/// - `delays`: how long each frame stays, in hundredths of a second.
uint8_t *cgiffile_encode(
    const uint8_t *rgb, uint16_t width, uint16_t height, const uint16_t *delays, int frames, size_t *count,
    char *message);
void cgiffile_free(uint8_t *bytes);

#endif
