#include "files/memory.h"

#include "files/fail.h"

#include <stdlib.h>

void *
memory_zeroed(long n, size_t size, const char *what)
{
    void *memory = n < 0 ? NULL : calloc(n ? n : 1, size);
    if (!memory)
        fail("no memory for %s: %ld of %zu bytes each", what, n, size);
    return memory;
}

void *
memory_grow(void *old, long n, size_t size, const char *what)
{
    if ((n & (n - 1)) != 0)
        return old; // the last power of two has room
    void *memory = reallocarray(old, 2 * (size_t)n, size);
    if (!memory)
        fail("no memory for %s: %ld of %zu bytes each", what, n, size);
    return memory;
}
