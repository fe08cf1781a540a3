#ifndef ATTNLAB_CENGINE_H
#define ATTNLAB_CENGINE_H
#ifdef __cplusplus
extern "C" {
#endif
int ce_placeholder(void);
#ifdef __cplusplus
}
#endif
#endif
