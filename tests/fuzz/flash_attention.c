// Any bytes as the sizes of --io, and as an array that stands for q, k and v, also with its axes exchanged or one less:
// it is refused through fail(), or attention answers, and nothing else happens. For libFuzzer; `make fuzz` runs it.
#include "input.h"

#include "flash_attention/flash_attention.h"
#include "flash_attention/own.h"

#include "files/fail.h"
#include "files/npy.h"
#include "nets/tensor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
as_sizes(const char *text)
{
    if (setjmp(refused))
        return;
    flash_attention_own_sizes own = flash_attention_own_parse(text);
    if (own.N < 1 || own.d < 1 || own.M < 1)
        abort();
}

// The array as q, and as k and v with two axes exchanged, or without the first one.
static void
as_arrays(const npy *a, int exchange, bool shorter)
{
    npy other = *a;
    if (setjmp(refused))
        return;
    if (shorter && other.rank > 0 && other.n[0] > 0) {
        other.size /= other.n[0];
        other.rank--;
        memmove(other.n, other.n + 1, other.rank * sizeof *other.n);
    }
    if (exchange + 1 < other.rank) {
        int kept = other.n[exchange];
        other.n[exchange] = other.n[exchange + 1];
        other.n[exchange + 1] = kept;
    }
    flash_attention_own_tensors own = flash_attention_own_take((npy[]){*a, other, other}, "fuzz");
    flash_attention_attend(own.q, own.k, own.v, NULL, NULL, NULL);
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
try_input(char *bytes, size_t size)
{
    as_sizes(bytes);
    if (parse(bytes, size)) {
        for (int exchange = 0; exchange < 4; exchange++)
            for (int shorter = 0; shorter < 2; shorter++) {
                as_arrays(&parsed, exchange, shorter);
                tensors_free();
            }
        npy_free(&parsed);
    }
}
