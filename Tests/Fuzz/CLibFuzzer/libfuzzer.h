#ifndef ATTNLAB_LIBFUZZER_H
#define ATTNLAB_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

// libFuzzer comes with the compiler, without a header. The declaration is that of compiler-rt's fuzzer/FuzzerInterface.h.

/// Runs libFuzzer with the options of a command line. `callback` gets each input and returns 0, or -1 for one that is
/// not to be kept.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
