#include "checker/report.h"

#include "checker/known.h"
#include "checker/place.h"
#include "checker/resembles.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED = 6 }; // names in one sentence

// Prints the names of n tensors, with commas.
static void
print_names(const reference *r, const int *rows, int n)
{
    for (int i = 0; i < n && i < LISTED; i++)
        printf("%s%s", i ? ", " : "", escape(r->all[rows[i]].name));
    if (n > LISTED)
        printf(" and %d more", n - LISTED);
}

static int
first_not_given(const reference *r)
{
    for (int row = 0; row < r->n; row++)
        if (!r->all[row].mine && !r->all[row].input)
            return row;
    return -1;
}

static void
print_not_given(const reference *r)
{
    int n = 0, *rows = memory_zeroed(r->n, sizeof *rows, "a case");
    for (int row = 0; row < r->n; row++)
        if (!r->all[row].mine && !r->all[row].input)
            rows[n++] = row;
    if (n) {
        printf("Not given: ");
        print_names(r, rows, n);
        printf(".\n");
    }
    free(rows);
}

// Says which float64 tensors were given with the rounding of float32, where that lets a value agree.
static void
print_single(const reference *r)
{
    for (const entry *e = r->all; e < r->all + r->n; e++) {
        double error = 0;
        for (long i = 0; e->single && i < e->ours.size; i++)
            if (reference_agrees(e, i)) // NaN, as of the same infinity, is none
                error = fmax(error, fabs(e->mine[i] - e->ours.values[i]));
        if (error > e->tolerance)
            printf("%s looks like float32 where ours is float64: %.2g is taken for rounding, "
                   "tolerance %.3g in place of %.3g.\n",
                   escape(e->name), error, e->apart, e->tolerance);
    }
}

static bool
in_step(const entry *e, long i, int step)
{
    return reference_step(e, i) == step;
}

static void
print_index(const entry *e, long i)
{
    long step = e->ours.size;
    printf("[");
    for (int axis = 0; axis < e->ours.rank; axis++) {
        step /= e->ours.n[axis];
        printf("%s%ld", axis ? ", " : "", i / step);
        i %= step;
    }
    printf("]");
}

// The tensor, its first deviating value in this step, how many there are and by how much.
static void
describe(const entry *e, int step)
{
    long wrong = 0, counting = 0, first = -1, not_numbers = 0;
    double error = 0, largest = reference_largest(e->ours.size, e->ours.values);
    for (long i = 0; i < e->ours.size; i++) {
        if (isnan(e->ours.values[i]))
            continue;
        counting++;
        not_numbers += isnan(e->mine[i]);
        if (reference_agrees(e, i))
            continue;
        wrong++;
        error = fmax(error, fabs(e->mine[i] - e->ours.values[i])); // NaN is none
        if (first < 0 && in_step(e, i, step))
            first = i;
    }
    printf("%s deviates first at ", escape(e->name));
    print_index(e, first);
    if (e->direction)
        printf(", step %d%s", step, e->direction < 0 ? " (computed from the last step on)" : "");
    printf(": expected %.9g, got %.9g\n", e->ours.values[first], e->mine[first]);
    printf("  %s %s: ", e->role, e->shape);
    escape_print(stdout, e->about);
    printf("\n  %ld of %ld values deviate", wrong, counting);
    if (not_numbers == counting)
        printf("; all values are NaN\n");
    else if (isfinite(error) && error > 0 && largest > 0)
        printf("; largest error %.3g, %.3g of the largest value; tolerance %.3g\n", error,
               error / largest, e->apart);
    else
        printf("; tolerance %.3g\n", e->apart);
}

// "Right up to step 3, wrong from step 4 on.": where it is so and not all steps are wrong.
static void
print_steps(const place_map *m, place at)
{
    const entry *e = &m->r->all[at.row];
    int right = e->direction > 0 ? at.step : e->steps - 1 - at.step;
    bool rest = true;
    for (int step = at.step; step >= 0 && step < e->steps; step += e->direction)
        rest = rest && place_of_step(m, (place){at.row, step}) > PLACE_AGREES;
    if (!right || !rest)
        return;
    if (right == e->steps - 1)
        printf("  All steps are right but step %d, the last that is computed.\n", at.step);
    else
        printf("  Right %s step %d, wrong from step %d %s.\n",
               e->direction > 0 ? "up to" : "from the last step down to", at.step - e->direction,
               at.step, e->direction > 0 ? "on" : "down");
}

// What is known of the place: the error is here, or what is to be given to know.
static void
print_place(const place_map *m, place at)
{
    const entry *e = &m->r->all[at.row];
    const char *what = e->direction ? "step" : "tensor";
    if (e->input) {
        printf("  This is an input of the case: load it, do not draw your own.\n");
        return;
    }
    if (place_of_step(m, at) == PLACE_CAUSE && place_from_inputs(m, at))
        printf("  It is computed from inputs alone: the error is in this %s.\n", what);
    else if (place_of_step(m, at) == PLACE_CAUSE)
        printf("  Everything that it is computed from agrees: the error is in this %s.\n", what);
    else {
        int *missing = memory_zeroed(m->r->n, sizeof *missing, "a case");
        int n = place_missing(m, at, missing);
        printf("  The error is in this %s or in what it is computed from and was not given: ",
               what);
        print_names(m->r, missing, n);
        printf(".\n");
        free(missing);
    }
}

// What the reported tensor's numbers look like, or else those of another cause: two gates exchanged show in both.
static void
print_resembles(const place_map *m, place at)
{
    char before[208];
    bool found = resembles_print(m->r, at.row, at.step, "");
    for (int row = 0; row < m->r->n && !found; row++) {
        if (row == at.row || place_of_tensor(m, row) != PLACE_CAUSE)
            continue;
        snprintf(before, sizeof before, "%s: ", escape(m->r->all[row].name));
        found = resembles_print(m->r, row, place_first_of(m, row).step, before);
    }
}

// Of the tensors that deviate besides: how many there are, and which are wrong whatever the first one is.
static void
print_others(const place_map *m, place first)
{
    int n = 0, causes = 0, open = 0;
    int *cause = memory_zeroed(m->r->n, sizeof *cause, "a case");
    int *may = memory_zeroed(m->r->n, sizeof *may, "a case");
    for (int row = 0; row < m->r->n; row++) {
        place_kind kind = place_of_tensor(m, row);
        if (row == first.row || kind < PLACE_CONSEQUENCE)
            continue;
        n++;
        if (kind == PLACE_CAUSE)
            cause[causes++] = row;
        if (kind == PLACE_OPEN)
            may[open++] = row;
    }
    if (n)
        printf("%d more %s", n, n == 1 ? "tensor deviates" : "tensors deviate");
    if (n && !causes && !open)
        printf(", and %s computed from what deviates", n == 1 ? "is" : "are");
    if (causes) {
        printf(causes == 1 ? "; a cause of its own: " : "; causes of their own: ");
        print_names(m->r, cause, causes);
    }
    if (open) {
        printf("; perhaps %s own, too (not all that %s computed from was given): ",
               open == 1 ? "a cause of its" : "causes of their", open == 1 ? "it is" : "they are");
        print_names(m->r, may, open);
    }
    if (n)
        printf(".\n");
    free(cause);
    free(may);
}

// What to do next.
static void
print_next(const place_map *m, place at)
{
    const reference *r = m->r;
    int row = first_not_given(r);
    if (at.row >= 0 && place_of_step(m, at) == PLACE_OPEN) {
        int *missing = memory_zeroed(r->n, sizeof *missing, "a case");
        place_missing(m, at, missing);
        printf("Next: give %s, too.\n", escape(r->all[missing[0]].name));
        free(missing);
    } else if (at.row >= 0)
        printf("Next: correct %s and compare again.\n", escape(r->all[at.row].name));
    else if (row >= 0)
        printf("Next: give %s, too; `compare %s` lists what there is.\n", escape(r->all[row].name),
               escape(r->folder));
    else
        printf("Next: this case is done; take the next one.\n");
}

int
report_print(const reference *r, int given)
{
    int wrong = 0;
    place_map m = place_find(r);
    for (int row = 0; row < r->n; row++)
        wrong += place_of_tensor(&m, row) > PLACE_AGREES;
    place first = place_first(&m);
    if (wrong && first.row < 0)
        fail("%s: what its tensors are computed from goes in a circle", r->manifest.name);
    print_single(r);
    if (!wrong && given == 1)
        printf("The one tensor given agrees.\n");
    else if (!wrong)
        printf("All %d tensors given agree.\n", given);
    else if (given == 1)
        printf("The one tensor given deviates.\n");
    else
        printf("%d of %d tensors given %s.\n", wrong, given, wrong == 1 ? "deviates" : "deviate");
    if (wrong) {
        describe(&r->all[first.row], first.step);
        print_place(&m, first);
        if (r->all[first.row].direction)
            print_steps(&m, first);
        print_resembles(&m, first);
        print_others(&m, first);
        known_print(r);
    }
    print_not_given(r);
    print_next(&m, first);
    place_free(&m);
    return wrong > 0;
}
