// Any bytes as two idx files, cut at a place that the first two of them say: they are refused through fail(), or
// become pictures with their digits, and nothing else happens. For libFuzzer; `make fuzz` runs it.
#include "input.h"

#include "data/idx.h"
#include "vit/own.h"

// What a refusal leaves is not given back: the program would end.
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

static void
as_array(const char *bytes, size_t size)
{
    if (setjmp(refused))
        return;
    idx a = idx_parse(bytes, size, "file");
    long values = 1;
    for (int i = 0; i < IDX_RANK; i++)
        values *= a.n[i];
    if (values != a.size)
        abort();
    idx_free(&a);
}

static void
as_set(const char *bytes, size_t size)
{
    if (size < 2 || setjmp(refused))
        return;
    size_t cut = ((unsigned char)bytes[0] << 8 | (unsigned char)bytes[1]) % (size - 1);
    vit_set s =
        vit_own_parse(bytes + 2, cut, "pictures", bytes + 2 + cut, size - 2 - cut, "labels");
    for (int i = 0; i < s.n; i++)
        if (s.digits[i] < 0 || s.digits[i] > 9)
            abort();
    vit_set_free(&s);
}

static void
try_input(char *bytes, size_t size)
{
    as_array(bytes, size);
    as_set(bytes, size);
}
