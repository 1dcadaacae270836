#include <zlib.h>

// deflateInit2 and inflateInit2 are macros that add the header's version and the structure's size.
// 15 window bits plus 16: a gzip wrapper; plus 32: gzip or zlib, as the bytes say (zlib.h, inflateInit2).
static inline int varve_deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int varve_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }

static inline int varve_inflate_init_any(z_stream *stream) { return inflateInit2(stream, 15 + 32); }
