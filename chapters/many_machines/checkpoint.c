#include "many_machines/checkpoint.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// The rows before the weights: their names, and where their values stand.
enum { NUMBERS = 10 };
static const char *const number_name[NUMBERS] = {"weights", "steps",  "seed",   "stream", "block",
                                                 "word_0",  "word_1", "word_2", "word_3", "used"};

static void
numbers_of(const many_machines_state *s, double x[NUMBERS])
{
    const rng *r = &s->random;
    const double all[NUMBERS] = {s->P,       s->steps,   r->key[0],  r->key[1],  (double)r->block,
                                 r->word[0], r->word[1], r->word[2], r->word[3], r->used};
    memcpy(x, all, sizeof all);
}

void
many_machines_checkpoint_write(const char *path, const many_machines_state *s)
{
    double x[NUMBERS];
    numbers_of(s, x);
    table *t = table_create(path, "name\tw\tm\tv");
    for (int i = 0; i < NUMBERS; i++)
        table_row(t, "sdii", number_name[i], x[i], 0, 0);
    for (int k = 0; k < s->P; k++)
        table_row(t, "sfff", "weight", s->w[k], s->m[k], s->v[k]);
    table_close(t);
}

// A whole number from 0 to `most` in the first column of a row that has this name.
static double
number_at(const table_data *t, int row, const char *name, double most)
{
    if (row >= t->rows || strcmp(t->cells[row * t->columns], name) != 0)
        fail("%s:%d: expected the row '%s' of a checkpoint", escape(t->name), row + 2, name);
    double x = table_number(t, row, 1);
    if (!(x >= 0 && x <= most) || x != floor(x))
        fail("%s:%d: %s is %g; expected a whole number from 0 to %g", escape(t->name), row + 2,
             name, x, most);
    return x;
}

void
many_machines_checkpoint_read(const char *path, many_machines_state *s)
{
    static const double most[NUMBERS] = {
        1e9,          1e9,          4294967295.0, 4294967295.0, 1e15,
        4294967295.0, 4294967295.0, 4294967295.0, 4294967295.0, 4};
    double x[NUMBERS];
    table_data t = table_read(path);
    if (t.columns != 4)
        fail("%s:1: %d columns; expected the name, w, m and v of a checkpoint", escape(path),
             t.columns);
    for (int i = 0; i < NUMBERS; i++)
        x[i] = number_at(&t, i, number_name[i], most[i]);
    if (x[0] != s->P || t.rows != NUMBERS + s->P)
        fail("%s: %g weights in %d rows; expected a training of %d weights, in %d rows",
             escape(path), x[0], t.rows, s->P, NUMBERS + s->P);
    s->steps = (int)x[1];
    s->random = (rng){.key = {(uint32_t)x[2], (uint32_t)x[3]},
                      .block = (uint64_t)x[4],
                      .word = {(uint32_t)x[5], (uint32_t)x[6], (uint32_t)x[7], (uint32_t)x[8]},
                      .used = (int)x[9]};
    for (int k = 0; k < s->P; k++) {
        s->w[k] = (float)table_number(&t, NUMBERS + k, 1);
        s->m[k] = (float)table_number(&t, NUMBERS + k, 2);
        s->v[k] = (float)table_number(&t, NUMBERS + k, 3);
    }
    table_free(&t);
}
