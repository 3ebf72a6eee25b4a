// Any bytes as an array, as a table, as numbers in a text and as what a tensor is computed from, which is what the
// checker reads, and as text to be shown: they are taken, or refused through fail(), and nothing else happens. For
// libFuzzer; `make fuzz` runs it.
#include "refuse.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/from.h"
#include "files/npy.h"
#include "files/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
as_array(const char *bytes, size_t size)
{
    if (setjmp(refused))
        return;
    npy a = npy_parse(bytes, size, "array.npy");
    volatile double sum = 0;
    for (long i = 0; i < a.size; i++)
        sum += a.values[i];
    (void)sum;
    npy_free(&a);
}

static void
as_table(const char *bytes, size_t size)
{
    table_data t = {0};
    if (setjmp(refused))
        return;
    t = table_parse(bytes, size, "table.tsv");
    volatile size_t length = 0;
    for (int i = 0; i < t.rows * t.columns; i++)
        length += strlen(t.cells[i]);
    (void)length;
    table_free(&t);
}

static void
as_numbers(const char *bytes, size_t size)
{
    if (setjmp(refused))
        return;
    free(npy_text(bytes, size, "numbers.txt", 6, "(2, 3)"));
}

static void
as_from(const char *text)
{
    from_name name;
    for (int found = 1; found > 0;) {
        found = from_next(&text, &name);
        if (found > 0 &&
            (strlen(name.name) >= FROM_NAME || name.first < -FROM_NEVER || name.last > FROM_NEVER))
            abort();
    }
}

// What is shown has no control character.
static void
as_shown(const char *text)
{
    for (const char *at = escape(text); *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, bytes, size);
    text[size] = 0;
    fail_handler = give_up;
    as_array((const char *)bytes, size);
    as_table((const char *)bytes, size);
    as_numbers(text, size);
    as_from(text);
    as_shown(text);
    free(text);
    return 0;
}
