#include "CBuild.h"

// Package.swift defines it from $VARVE_BUILD_COMMIT, so that a new commit compiles this file again and nothing else.
const char *varve_build_commit(void) { return VARVE_BUILD_COMMIT; }
