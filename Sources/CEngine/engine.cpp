#include "cengine.h"
int ce_placeholder(void) { return 0; }
