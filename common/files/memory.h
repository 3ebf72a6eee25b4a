// Memory, or the end of the program with one clear line: no caller checks for NULL.
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

// Zeroed memory for n elements of `size` bytes; free() gives it back. `what` names it in the message.
void *memory_zeroed(long n, size_t size, const char *what);

// The memory at `old`, which is large enough for n - 1 elements (NULL: none yet, n = 1), made large enough for n. It
// doubles, so that growing by one element at a time costs a constant for each. The new part is not zeroed.
void *memory_grow(void *old, long n, size_t size, const char *what);

#endif
