#ifndef ATTNLAB_CKERNELS_H
#define ATTNLAB_CKERNELS_H
int ck_placeholder(void);
#endif
