// What the fuzzers share: a call that may be refused, with a message of five characters or more, comes back to
// setjmp(refused).
#ifndef FUZZ_REFUSE_H
#define FUZZ_REFUSE_H

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf refused;

static inline void
give_up(const char *message)
{
    if (strlen(message) < 5)
        abort();
    longjmp(refused, 1);
}

#endif
