#pragma once

/// The commit that this program was built from, or an empty text. Static, ends with NUL.
const char *varve_build_commit(void);
