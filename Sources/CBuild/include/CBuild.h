#pragma once

/// The commit that this program was built from, or an empty text. Static, ends with NUL.
const char *varve_build_commit(void);

/// Sets the C library's heap up for a program of few threads with large buffers. Call it before there are others.
void varve_tune_heap(void);
