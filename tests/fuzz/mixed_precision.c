// Any bytes as the array of --npy: they are refused through fail(), or counted, with parts that are parts. For
// libFuzzer; `make fuzz` runs it.
#include "input.h"

#include "mixed_precision/own.h"

#include "files/npy.h"

#include <stdlib.h>
#include <string.h>

static void
try_input(char *bytes, size_t size)
{
    if (setjmp(refused))
        return;
    npy a = npy_parse(bytes, size, "array.npy");
    mixed_precision_own_sizes own = mixed_precision_own_take(&a);
    long all = own.n + own.zeros + own.others, counted = 0;
    for (int i = 0; i < MIXED_PRECISION_OWN_HIGH - MIXED_PRECISION_OWN_LOW; i++)
        counted += own.exponents[i];
    mixed_precision_own_fate fate = mixed_precision_own_in(&format_half, &own);
    double parts = fate.zero + fate.subnormal + fate.infinite;
    if (all != a.size || counted != own.n || !(parts >= 0 && parts <= 1 + 1e-9) ||
        !(fate.error >= 0))
        abort();
    free(own.size);
    npy_free(&a);
}
