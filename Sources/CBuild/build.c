#include "CBuild.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

// Package.swift defines it from $VARVE_BUILD_COMMIT, so that a new commit compiles this file again and nothing else.
const char *varve_build_commit(void) { return VARVE_BUILD_COMMIT; }

void varve_tune_heap(void) {
#ifdef __GLIBC__
    // Left alone, the size from which memory is mapped grows with what is freed, up to 32 MiB (mallopt(3)). From then
    // on large buffers are cut out of heaps, one for each thread, which hardly ever give anything back.
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    mallopt(M_ARENA_MAX, 4);
#endif
}
