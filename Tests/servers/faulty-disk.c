// A bad disk for one process, preloaded into it: while the file FAULTY_DISK_CONTROL exists, system calls on files below
// FAULTY_DISK_ROOT fail with EIO. The file holds the call's name and a number: `fsync 3` fails every third fsync.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic unsigned calls;

static int is_below(const char *path) {
    const char *root = getenv("FAULTY_DISK_ROOT");
    return root && path && strncmp(path, root, strlen(root)) == 0;
}

static int is_open_below(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return 0;
    path[count] = 0;
    return is_below(path);
}

static int fails(const char *call, int is_ours) {
    const char *control = getenv("FAULTY_DISK_CONTROL");
    char name[16];
    unsigned every;
    if (!is_ours || !control) return 0;
    FILE *file = fopen(control, "re");
    if (!file) return 0;
    int fields = fscanf(file, "%15s %u", name, &every);
    fclose(file);
    if (fields != 2 || every == 0 || strcmp(name, call) != 0) return 0;
    if (atomic_fetch_add(&calls, 1) % every != 0) return 0;
    errno = EIO;
    return 1;
}

#define NEXT(name, type) ((type)dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (fails("write", is_open_below(descriptor))) return -1;
    return NEXT(write, ssize_t (*)(int, const void *, size_t))(descriptor, bytes, count);
}

int fsync(int descriptor) {
    if (fails("fsync", is_open_below(descriptor))) return -1;
    return NEXT(fsync, int (*)(int))(descriptor);
}

int link(const char *from, const char *to) {
    if (fails("link", is_below(to))) return -1;
    return NEXT(link, int (*)(const char *, const char *))(from, to);
}

int rename(const char *from, const char *to) {
    if (fails("rename", is_below(to))) return -1;
    return NEXT(rename, int (*)(const char *, const char *))(from, to);
}
