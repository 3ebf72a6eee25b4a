// The n-th allocation after the start fails, and all that follow, with n in MEMORY_ENDS: for LD_PRELOAD;
// tests/faults/faults.sh loads it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

// What the dynamic linker needs while it looks up the real functions.
static char early[1 << 16];
static size_t early_used;

static int
ended(void)
{
    static long left = -1;
    const char *from = getenv("MEMORY_ENDS");
    if (left < 0)
        left = from ? atol(from) : 1L << 40;
    if (left > 0)
        return left--, 0;
    errno = ENOMEM;
    return 1;
}

void *
malloc(size_t size)
{
    static void *(*real)(size_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "malloc"); // as POSIX has it
    return ended() ? NULL : real(size);
}

void *
calloc(size_t n, size_t size)
{
    static void *(*real)(size_t, size_t);
    static int looking;
    if (!real && looking) {
        void *at = early + early_used;
        early_used += n * size;
        return at;
    }
    looking = 1;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "calloc");
    return ended() ? NULL : real(n, size);
}

void *
realloc(void *memory, size_t size)
{
    static void *(*real)(void *, size_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "realloc");
    return ended() ? NULL : real(memory, size);
}
