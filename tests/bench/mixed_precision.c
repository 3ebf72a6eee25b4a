// Chapter mixed_precision for bench.py: `mixed_precision round FORMAT` and `mixed_precision patterns FORMAT` take steps of
// 4M floats (bench.h), which `mixed_precision write FILE` writes; `mixed_precision all FORMAT` writes the patterns of all
// 2^32 floats, in the order of their own patterns.
#include "bench.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "numbers/formats.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <stdbool.h>
#include <string.h>

enum { N = 1 << 22, PART = 1 << 20, LOOKED_AT = 12345 };

typedef struct {
    const float_format *f;
    float *x, *y;
    uint16_t *pattern;
} work;

static double
round_all(void *context)
{
    work *w = context;
    format_round_all(w->f, N, w->x, w->y);
    return w->y[LOOKED_AT];
}

static double
patterns(void *context)
{
    work *w = context;
    (w->f == &format_half ? format_to_half : format_to_bfloat)(N, w->x, w->pattern);
    return w->pattern[LOOKED_AT];
}

static void
write_all(work *w)
{
    bool integers = w->f == &format_half || w->f == &format_bfloat;
    for (uint64_t first = 0; first < 1ull << 32; first += PART) {
        for (uint32_t i = 0; i < PART; i++)
            w->x[i] = float32((uint32_t)first + i);
        if (integers)
            (w->f == &format_half ? format_to_half : format_to_bfloat)(PART, w->x, w->pattern);
        else
            for (int i = 0; i < PART; i++)
                w->pattern[i] = (uint16_t)format_encode(w->f, w->x[i]);
        fwrite(w->pattern, sizeof *w->pattern, PART, stdout);
    }
}

int
main(int argc, char **argv)
{
    static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3,
                                              &format_e5m2};
    work w = {.x = memory_zeroed(N, sizeof(float), "x"),
              .y = memory_zeroed(N, sizeof(float), "y"),
              .pattern = memory_zeroed(N, sizeof(uint16_t), "patterns")};
    rng r = rng_at(1, 0);
    rng_fill_normal(&r, N, w.x, 0, 1);
    if (argc == 3 && strcmp(argv[1], "write") == 0) {
        FILE *f = file_create(argv[2]);
        fwrite(w.x, sizeof(float), N, f);
        file_commit(f, argv[2]);
        return 0;
    }
    for (int i = 0; i < 4 && argc == 3; i++)
        if (strcmp(argv[2], all[i]->name) == 0)
            w.f = all[i];
    if (!w.f)
        fail("expected: mixed_precision round|patterns|all fp16|bf16|E4M3|E5M2, or write FILE");
    if (strcmp(argv[1], "all") == 0)
        write_all(&w);
    else
        answer(strcmp(argv[1], "round") == 0 ? round_all : patterns, &w);
}
