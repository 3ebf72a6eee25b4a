// Any bytes as the number of an option and as an array of recorded gradients: it is refused through fail(), or every weight
// is measured and what comes out is a number. For libFuzzer; `make fuzz` runs it.
#include "input.h"

#include "adamw/own.h"

#include "files/fail.h"
#include "files/npy.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};

static void
as_number(const char *text)
{
    if (setjmp(refused))
        return;
    double x = adamw_own_number("--beta1", text, 0, 1);
    if (!(x >= 0 && x < 1))
        abort();
}

static npy parsed;

static bool
parse(const char *bytes, size_t size)
{
    if (setjmp(refused))
        return false;
    parsed = npy_parse(bytes, size, "array.npy");
    return true;
}

static void
measure(void)
{
    if (setjmp(refused))
        return;
    adamw_own_gradients own = adamw_own_take(&parsed, "array.npy");
    for (int i = 0; i < own.n; i++) {
        adamw_own_weight w = adamw_own_measure(&own, i, &rule);
        if (!isfinite(w.adam) || !isfinite(w.plain) || !isfinite(w.amsgrad) ||
            !isfinite(w.strength))
            abort();
        if (w.at >= own.T || w.gap > own.T || !(w.small >= 0 && w.small <= 1))
            abort();
    }
}

static void
try_input(char *bytes, size_t size)
{
    as_number(bytes);
    if (parse(bytes, size)) {
        measure();
        npy_free(&parsed);
    }
}
