#include "files/memory.h"

#include "files/fail.h"

#include <stdint.h>
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
    if (n > 1 && ((n - 1) & (n - 2)) != 0)
        return old; // the last power of two has room
    size_t room = n > 1 ? 2 * (size_t)(n - 1) : 1;
    void *memory = room > SIZE_MAX / size ? NULL : realloc(old, room * size);
    if (!memory)
        fail("no memory for %s: %ld of %zu bytes each", what, n, size);
    return memory;
}
