#include "ctext.h"

int ctext_available(void) {
#ifdef ATTNLAB_FREETYPE
  return 1;
#else
  return 0;
#endif
}
