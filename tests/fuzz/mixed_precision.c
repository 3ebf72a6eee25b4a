// Any bytes as the array of --npy: they are refused through fail(), or counted, with parts that are parts. For
// libFuzzer; `make fuzz` runs it.
#include "refuse.h"

#include "mixed_precision/own.h"

#include "files/fail.h"
#include "files/npy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
count(const char *bytes, size_t size)
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *copy = malloc(size + 1);
    if (!copy)
        return 0;
    memcpy(copy, bytes, size);
    copy[size] = 0;
    fail_handler = give_up;
    count(copy, size);
    free(copy);
    return 0;
}
