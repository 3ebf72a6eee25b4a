// What a call leaves in memory. A program ends at a refusal, and all that it has goes with it; here a refusal comes back,
// and what the call has taken is given back, or a million inputs would take all memory. A call that is not refused
// must leave nothing.
#ifndef FUZZ_LEFT_H
#define FUZZ_LEFT_H

#include <sanitizer/allocator_interface.h>

#include <stdbool.h>
#include <stdlib.h>

enum { LEFT_BLOCKS = 4096 };
static const volatile void *left_blocks[LEFT_BLOCKS];
static int left_n;
static bool left_notes;

static void
left_taken(const volatile void *at, size_t size)
{
    (void)size;
    if (left_notes && left_n < LEFT_BLOCKS)
        left_blocks[left_n++] = at;
}

static void
left_given_back(const volatile void *at)
{
    for (int i = left_n - 1; left_notes && at && i >= 0; i--)
        if (left_blocks[i] == at) {
            left_blocks[i] = left_blocks[--left_n];
            return;
        }
}

// From here on what is taken is noted.
static void
left_begin(void)
{
    static bool is_installed;
    if (!is_installed)
        __sanitizer_install_malloc_and_free_hooks(left_taken, left_given_back);
    is_installed = true;
    left_n = 0;
    left_notes = true;
}

// The call was refused.
static void
left_free(void)
{
    left_notes = false;
    while (left_n > 0)
        free((void *)left_blocks[--left_n]);
}

// The call came to its end.
static void
left_none(void)
{
    left_notes = false;
    if (left_n > 0)
        abort();
}

#endif
