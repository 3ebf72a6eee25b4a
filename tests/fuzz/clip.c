// Any bytes as two arrays of a reader's vectors, the second behind the first: they are refused through fail(), or measured,
// and what comes out is finite. And as a caption: it is refused, or written again and read it is the same. For libFuzzer;
// `make fuzz` runs it.
#include "input.h"

#include "clip/caption.h"
#include "clip/own.h"

#include "files/fail.h"
#include "files/npy.h"

#include <math.h>
#include <stdbool.h>

static npy parsed[2];

static bool
parse(npy *a, const char *bytes, size_t size)
{
    if (setjmp(refused))
        return false;
    *a = npy_parse(bytes, size, "array.npy");
    return true;
}

static clip_own_pairs pairs;

static bool
take(void)
{
    if (setjmp(refused))
        return false;
    pairs = clip_own_take(&parsed[0], "u.npy", &parsed[1], "v.npy");
    return true;
}

static void
check(double x)
{
    if (!isfinite(x))
        abort();
}

static void
measure(void)
{
    clip_own_measured m = clip_own_measure(&pairs, 300, -1000);
    for (int k = 0; k < CLIP_OWN_SCALES; k++)
        check(m.infonce[k]);
    check(m.sigmoid);
    check(m.pull);
    check(m.gap);
    for (int k = 0; k < 4; k++)
        if (!(m.recall[k / 2][k % 2] >= 0 && m.recall[k / 2][k % 2] <= 1))
            abort();
}

static void
try_caption(const char *bytes)
{
    int word[SHAPES_SLOTS], again[SHAPES_SLOTS];
    char text[SHAPES_TEXT];
    if (setjmp(refused))
        return;
    clip_caption_take(bytes, word);
    shapes_write(word, text);
    if (!shapes_read(text, again) || memcmp(word, again, sizeof word) != 0)
        abort();
}

static void
try_input(char *bytes, size_t size)
{
    try_caption(bytes);
    // The first byte says where the second array begins
    size_t first = size ? (unsigned char)bytes[0] * 4u : 0;
    if (size < 2 || first >= size - 1)
        first = (size - (size > 0)) / 2;
    if (size < 2 || !parse(&parsed[0], bytes + 1, first))
        return;
    if (parse(&parsed[1], bytes + 1 + first, size - 1 - first)) {
        if (take()) {
            measure();
            clip_own_free(&pairs);
        }
        npy_free(&parsed[1]);
    }
    npy_free(&parsed[0]);
}
