// All reference cases of all chapters: of format 2, and such that the checker can tell right from wrong by them.
#include "checker/place.h"
#include "checker/reference.h"
#include "checker/resembles.h"
#include "numbers/random.h"
#include "test.h"

#include <glob.h>
#include <math.h>
#include <stdbool.h>

static char place_text[512]; // which tensor of which case is looked at

static void
all_cases(void look(reference *r))
{
    glob_t found;
    ck_assert_int_eq(glob("chapters/*/reference/*/manifest.tsv", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        *strrchr(found.gl_pathv[i], '/') = 0;
        reference r = reference_read(found.gl_pathv[i]);
        look(&r);
        reference_free(&r);
    }
    globfree(&found);
}

// Whether these values of the reader's would be taken for ours.
static bool
passes(entry *e, const double *mine)
{
    bool all = true;
    e->mine = (double *)mine;
    for (long i = 0; i < e->ours.size && all; i++)
        all = reference_agrees(e, i);
    e->mine = NULL;
    return all;
}

// Zeros, the negative and one step off along the time do not pass, unless they are ours.
static void
refuses_nonsense(reference *r)
{
    for (entry *e = r->all; e < r->all + r->n; e++) {
        double *mine = malloc((e->ours.size + 1) * sizeof *mine);
        const double *ours = e->ours.values;
        double largest = reference_largest(e->ours.size, ours);
        snprintf(place_text, sizeof place_text, "%s/%s", r->folder, e->name);
        for (long i = 0; i < e->ours.size; i++)
            mine[i] = 0;
        ck_assert_msg(largest == 0 || !passes(e, mine), "%s: zeros pass", place_text);
        for (long i = 0; i < e->ours.size; i++)
            mine[i] = -ours[i];
        ck_assert_msg(largest == 0 || !passes(e, mine), "%s: the negative passes", place_text);
        long inner = 1;
        for (int a = e->axis + 1; a < e->ours.rank; a++)
            inner *= e->ours.n[a];
        for (int by = -1; by <= 1 && e->direction; by += 2) {
            bool equal = true;
            for (long i = 0; i < e->ours.size; i++) {
                int step = reference_step(e, i) + by;
                mine[i] = step < 0 || step >= e->steps ? ours[i] : ours[i + by * inner];
                equal = equal && (mine[i] == ours[i] || isnan(ours[i]));
            }
            ck_assert_msg(equal || !passes(e, mine), "%s: one step off passes", place_text);
        }
        free(mine);
    }
}

START_TEST(nonsense)
{
    all_cases(refuses_nonsense);
}
END_TEST

// With all given and one tensor wrong, the place is that tensor.
static void
finds_places(reference *r)
{
    for (entry *e = r->all; e < r->all + r->n; e++)
        e->mine = e->ours.values;
    for (int row = 0; row < r->n; row++) {
        entry *e = &r->all[row];
        if (e->input || e->ours.size == 0)
            continue;
        double *mine = malloc(e->ours.size * sizeof *mine);
        for (long i = 0; i < e->ours.size; i++)
            mine[i] = e->ours.values[i] + 1 + fabs(e->ours.values[i]);
        e->mine = mine;
        place_map m = place_find(r);
        place first = place_first(&m);
        ck_assert_msg(first.row == row && place_of_step(&m, first) == PLACE_CAUSE,
                      "%s/%s: is not found", r->folder, e->name);
        place_free(&m);
        free(mine);
        e->mine = e->ours.values;
    }
    for (entry *e = r->all; e < r->all + r->n; e++)
        e->mine = NULL;
}

START_TEST(places)
{
    all_cases(finds_places);
}
END_TEST

// Numbers that are wrong in no way look like nothing: no measure, no other tensor, no formula.
static void
sees_nothing_in_noise(reference *r)
{
    rng noise = rng_at(31, 7); // another stream than the cases' own
    for (int row = 0; row < r->n; row++) {
        entry *e = &r->all[row];
        if (e->input || e->ours.size > 300) // which takes long, and is the less like anything
            continue;
        double *mine = malloc((e->ours.size + 1) * sizeof *mine);
        double wide = 1 + reference_largest(e->ours.size, e->ours.values);
        for (long i = 0; i < e->ours.size; i++)
            mine[i] = e->ours.values[i] + wide * rng_normal(&noise);
        e->mine = mine;
        ck_assert_msg(!resembles_print(r, row, 0, ""), "%s/%s: noise looks like something",
                      r->folder, e->name);
        free(mine);
        e->mine = NULL;
    }
}

START_TEST(noise)
{
    all_cases(sees_nothing_in_noise);
}
END_TEST

TEST_MAIN("cases", nonsense, places, noise)
