#include "map/names.h"

#include "files/escape.h"
#include "files/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t
hash(long long number, const char *text, size_t length)
{
    uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)number; // FNV-1a
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

// The slot of the name, or the free one where it would stand. text: NULL for a number.
static int *
find_slot(const map_names *names, long long number, const char *text, size_t length)
{
    uint64_t at = hash(number, text, length);
    for (;; at++) {
        int *slot = &names->slot[at & (names->slots - 1)];
        if (*slot == 0)
            return slot;
        const map_name *m = &names->name[*slot - 1];
        if (text ? m->text && strlen(m->text) == length && memcmp(m->text, text, length) == 0
                 : !m->text && m->number == number)
            return slot;
    }
}

static void
more_slots(map_names *names)
{
    free(names->slot);
    names->slots = names->slots ? 2 * names->slots : 256;
    names->slot = NULL;
    names->slot = memory_zeroed(names->slots, sizeof *names->slot, "slots of names");
    for (int i = 0; i < names->n; i++) {
        const map_name *m = &names->name[i];
        *find_slot(names, m->number, m->text, m->text ? strlen(m->text) : 0) = i + 1;
    }
}

int
map_names_find(const map_names *names, long long number, const char *text, size_t length)
{
    return names->slots ? *find_slot(names, number, text, length) - 1 : -1;
}

int
map_names_add(map_names *names, long long number, const char *text, size_t length)
{
    if (2 * names->n >= names->slots)
        more_slots(names);
    int *slot = find_slot(names, number, text, length);
    if (*slot)
        return *slot - 1;
    names->name = memory_grow(names->name, names->n + 1, sizeof *names->name, "names");
    map_name *m = &names->name[names->n];
    *m = (map_name){.number = number};
    if (text) {
        m->text = memory_zeroed((long)length + 1, 1, "a name");
        memcpy(m->text, text, length);
    }
    *slot = ++names->n;
    return names->n - 1;
}

const char *
map_names_text(const map_names *names, int i)
{
    static _Thread_local char text[4][24];
    static _Thread_local int next;
    const map_name *m = &names->name[i];
    if (m->label || m->text)
        return escape(m->label ? m->label : m->text);
    next = (next + 1) % 4;
    snprintf(text[next], sizeof text[next], "%lld", m->number);
    return text[next];
}

void
map_names_free(map_names *names)
{
    for (int i = 0; i < names->n; i++) {
        free(names->name[i].text);
        free(names->name[i].label);
    }
    free(names->name);
    free(names->slot);
}

static int
by_name(const void *a, const void *b)
{
    const map_name *p = *(const map_name *const *)a, *q = *(const map_name *const *)b;
    if (!p->text != !q->text)
        return p->text ? 1 : -1;
    return p->text ? strcmp(p->text, q->text) : (p->number > q->number) - (p->number < q->number);
}

int *
map_names_sort(map_names *names)
{
    const map_name **sorted = memory_zeroed(names->n, sizeof *sorted, "names");
    map_name *copy = memory_zeroed(names->n, sizeof *copy, "names");
    int *new_index = memory_zeroed(names->n, sizeof *new_index, "names");
    for (int i = 0; i < names->n; i++)
        sorted[i] = &names->name[i];
    qsort(sorted, names->n, sizeof *sorted, by_name);
    for (int i = 0; i < names->n; i++) {
        new_index[sorted[i] - names->name] = i;
        copy[i] = *sorted[i];
    }
    memcpy(names->name, copy, names->n * sizeof *copy);
    memset(names->slot, 0, names->slots * sizeof *names->slot);
    for (int i = 0; i < names->n; i++)
        *find_slot(names, copy[i].number, copy[i].text, copy[i].text ? strlen(copy[i].text) : 0) =
            i + 1;
    free(sorted);
    free(copy);
    return new_index;
}
