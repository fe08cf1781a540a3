#ifndef ATTNLAB_CTEXT_H
#define ATTNLAB_CTEXT_H

/// 1 where the build found FreeType, 0 where text cannot be drawn.
int ctext_available(void);

#endif
