#include "checker/known.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMED = 3 };

// A row of mistakes.tsv and the values that it gives.
typedef struct {
    int row;
    npy all;
    const double **values; // of each tensor of the case; NULL: it has ours
} mistake;

static mistake
read_mistake(const reference *r, const table_data *t, int row)
{
    const char *id = reference_cell(t, row, "id"), *tensors = reference_cell(t, row, "tensors");
    char file[FILE_PATH];
    if (!*id || strchr(id, '/') || strstr(id, "..") || strlen(id) > 200)
        fail("%s:%d: '%s' is no id of a mistake", t->name, row + 2, id);
    mistake m = {row, {0}, memory_zeroed(r->n, sizeof *m.values, t->name)};
    long *begin = memory_zeroed(r->n, sizeof *begin, t->name), size = 0;
    for (const char *at = tensors + strspn(tensors, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        int of = reference_find(r, at, length);
        if (of < 0 || begin[of])
            fail("%s:%d: '%s': the case has no tensor '%.*s', or it stands there twice", t->name,
                 row + 2, tensors, (int)length, at);
        begin[of] = size + 1;
        size += r->all[of].ours.size;
        at += length;
    }
    snprintf(file, sizeof file, "mistakes/%s.npy", id);
    m.all = reference_array(r, file, size, tensors);
    for (int i = 0; i < r->n; i++)
        m.values[i] = begin[i] ? m.all.values + begin[i] - 1 : NULL;
    free(begin);
    return m;
}

static void
free_mistake(mistake *m)
{
    npy_free(&m->all);
    free(m->values);
}

// How far the values of a tensor may be from the mistake's, which may be much larger than ours.
static double
apart_of(const entry *e, const double *values)
{
    double ours = reference_largest(e->ours.size, e->ours.values);
    double largest = reference_largest(e->ours.size, values);
    return ours > 0 ? e->apart * fmax(1, largest / ours) : e->apart;
}

static bool
equal(double a, double b, double apart)
{
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= apart;
}

// Whether the reader's tensors, or all of them but the gradients, are what the mistake gives.
static bool
is_mine(const reference *r, const mistake *m, bool forward)
{
    bool shows = false;
    for (int i = 0; i < r->n; i++) {
        const entry *e = &r->all[i];
        if (!e->mine || (forward && strcmp(e->role, "gradient") == 0))
            continue;
        const double *wrong = m->values[i];
        double apart = wrong ? apart_of(e, wrong) : 0;
        for (long k = 0; k < e->ours.size; k++) {
            if (isnan(e->ours.values[k]))
                continue;
            bool agrees = reference_agrees(e, k);
            if (wrong ? !equal(e->mine[k], wrong[k], apart) : !agrees)
                return false;
            shows |= !agrees;
        }
    }
    return shows;
}

// The first tensor that was not given and in which two mistakes differ, or NULL.
static const entry *
tells_apart(const reference *r, const mistake *a, const mistake *b)
{
    for (int i = 0; i < r->n; i++) {
        const entry *e = &r->all[i];
        const double *of_a = a->values[i] ? a->values[i] : e->ours.values;
        const double *of_b = b->values[i] ? b->values[i] : e->ours.values;
        for (long k = 0; !e->mine && of_a != of_b && k < e->ours.size; k++)
            if (!isnan(e->ours.values[k]) && !equal(of_a[k], of_b[k], 2 * apart_of(e, of_a)))
                return e;
    }
    return NULL;
}

static void
print_mistake(const table_data *t, int row)
{
    const char *source = reference_cell(t, row, "source");
    printf("  ");
    escape_print(stdout, reference_cell(t, row, "sentence"));
    printf("\n    (%s", escape(reference_cell(t, row, "kind")));
    printf(*source ? "; seen in %s)\n" : ")\n", escape(source));
    printf("    your line, as it would stand in our code:\n      ");
    escape_print(stdout, reference_cell(t, row, "wrong"));
    printf("\n    ours:\n      ");
    escape_print(stdout, reference_cell(t, row, "line"));
    printf("\n");
}

static void
print_several(const reference *r, const mistake *fits, int n, bool forward)
{
    const entry *other = tells_apart(r, &fits[0], &fits[1]);
    if (n > NAMED)
        printf("  And %d more.\n", n - NAMED);
    if (other)
        printf("  What you gave cannot tell them apart; %s would.\n", escape(other->name));
    else if (!forward)
        printf("  They give the same numbers in every tensor of this case.\n");
}

// Names the mistakes that fit, and returns their number.
static int
print_fitting(const reference *r, const table_data *t, bool forward)
{
    mistake fits[NAMED];
    int n = 0;
    for (int row = 0; row < t->rows; row++) {
        mistake m = read_mistake(r, t, row);
        bool mine = is_mine(r, &m, forward);
        if (mine && n < NAMED)
            fits[n] = m;
        else
            free_mistake(&m);
        n += mine;
    }
    if (n)
        printf("%s the numbers of ", forward ? "But for the gradients these are" : "These are");
    if (n)
        printf(n == 1 ? "a known mistake:\n" : "%d known mistakes:\n", n);
    for (int i = 0; i < n && i < NAMED; i++)
        print_mistake(t, fits[i].row);
    if (n > 1)
        print_several(r, fits, n, forward);
    for (int i = 0; i < n && i < NAMED; i++)
        free_mistake(&fits[i]);
    return n;
}

void
known_print(const reference *r)
{
    char path[FILE_PATH];
    if (snprintf(path, FILE_PATH, "%s/mistakes.tsv", r->folder) >= FILE_PATH ||
        access(path, F_OK) != 0)
        return;
    table_data t = reference_table(path);
    if (!print_fitting(r, &t, false))
        print_fitting(r, &t, true);
    table_free(&t);
}
