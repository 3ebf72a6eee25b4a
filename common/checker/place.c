#include "checker/place.h"

#include "files/fail.h"
#include "files/from.h"
#include "files/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A tensor that another is computed from, and which of its steps, counted from the other's.
typedef struct place_source {
    int of, first, last;
} source;

static void
add_source(place_map *m, int row, source s)
{
    int n = ++m->n_sources[row];
    m->sources[row] = memory_grow(m->sources[row], n, sizeof s, "the sources of a tensor");
    m->sources[row][n - 1] = s;
}

static void
read_sources(place_map *m, int row)
{
    const entry *all = m->r->all;
    const char *at = all[row].from;
    from_name name;
    int found;
    for (found = from_next(&at, &name); found > 0; found = from_next(&at, &name)) {
        for (int i = 0; i < row && strcmp(name.name, "*") == 0; i++)
            if (!all[i].input)
                add_source(m, row, (source){i, -FROM_NEVER, FROM_NEVER});
        if (strcmp(name.name, "*") == 0)
            continue;
        int of = reference_find(m->r, name.name, strlen(name.name));
        if (of < 0)
            fail("%s: %s is computed from %s, and the case has no such tensor", m->r->manifest.name,
                 all[row].name, name.name);
        add_source(m, row, (source){of, name.first, name.last});
    }
    if (found < 0)
        fail("%s: %s is computed from '%s', expected names like x, x[t-1], x[:t], x[:] or *",
             m->r->manifest.name, all[row].name, all[row].from);
}

// ---- Walking back from a step to what it is computed from ----

// The steps to look at, each once.
typedef struct place_walk {
    place *queue;
    long n;
    int *seen, round; // of every step of every tensor: the walk that saw it last
} walk;

static long
node(const place_map *m, place at)
{
    return m->base[at.row] + at.step;
}

static void
walk_to(const place_map *m, place at)
{
    walk *w = m->walk;
    if (w->seen[node(m, at)] == w->round)
        return;
    w->seen[node(m, at)] = w->round;
    w->queue[w->n++] = at;
}

static int
within(long step, const entry *e)
{
    return (int)(step < 0 ? 0 : step >= e->steps ? e->steps - 1 : step);
}

// Adds what a step is computed from, the last of the manifest first.
static void
walk_sources(const place_map *m, place at)
{
    const entry *e = &m->r->all[at.row];
    for (int i = m->n_sources[at.row] - 1; i >= 0; i--) {
        const source *s = &m->sources[at.row][i];
        const entry *of = &m->r->all[s->of];
        bool timed = e->direction && of->direction; // else all of its steps are meant
        long first = timed ? (long)at.step + s->first : 0;
        long last = timed ? (long)at.step + s->last : of->steps - 1;
        if (last < 0 || first >= of->steps)
            continue;
        for (int step = within(first, of); step <= within(last, of); step++)
            walk_to(m, (place){s->of, step});
    }
}

// Begins a walk at a step, which is not looked at itself.
static walk *
walk_from(const place_map *m, place at)
{
    walk *w = m->walk;
    w->n = 0;
    w->round++;
    w->seen[node(m, at)] = w->round;
    walk_sources(m, at);
    return w;
}

static bool
deviates(const place_map *m, place at)
{
    return m->kinds[node(m, at)] >= PLACE_CONSEQUENCE;
}

// What a deviating step is: goes back through what was not given until something deviates or all was seen.
static place_kind
kind_of(const place_map *m, place at)
{
    place_kind kind = PLACE_CAUSE;
    const walk *w = walk_from(m, at);
    for (long i = 0; i < w->n && kind != PLACE_CONSEQUENCE; i++) {
        place from = w->queue[i];
        if (deviates(m, from))
            kind = PLACE_CONSEQUENCE;
        else if (!m->r->all[from.row].mine && !m->r->all[from.row].input) {
            kind = PLACE_OPEN;
            walk_sources(m, from);
        }
    }
    return kind;
}

int
place_missing(const place_map *m, place at, int *missing)
{
    int n = 0;
    const walk *w = walk_from(m, at);
    for (long i = 0; i < w->n; i++) {
        place from = w->queue[i];
        int k = 0;
        if (m->r->all[from.row].mine || m->r->all[from.row].input)
            continue;
        while (k < n && missing[k] != from.row)
            k++;
        missing[k] = from.row;
        n += k == n;
        walk_sources(m, from);
    }
    return n;
}

bool
place_from_inputs(const place_map *m, place at)
{
    bool all = true;
    const walk *w = walk_from(m, at);
    for (long i = 0; i < w->n; i++)
        all = all && m->r->all[w->queue[i].row].input;
    return all;
}

// ---- All of a case ----

// Notes which steps were given, and which of those deviate.
static void
hold_values(place_map *m, int row)
{
    const entry *e = &m->r->all[row];
    for (int step = 0; step < e->steps; step++)
        m->kinds[m->base[row] + step] = e->mine ? PLACE_AGREES : PLACE_NOT_GIVEN;
    for (long i = 0; e->mine && i < e->ours.size; i++)
        if (!reference_agrees(e, i))
            m->kinds[m->base[row] + reference_step(e, i)] = PLACE_CONSEQUENCE;
}

place_map
place_find(const reference *r)
{
    place_map m = {.r = r};
    m.base = memory_zeroed(r->n + 1, sizeof *m.base, "a case");
    m.sources = memory_zeroed(r->n, sizeof *m.sources, "a case");
    m.n_sources = memory_zeroed(r->n, sizeof *m.n_sources, "a case");
    m.walk = memory_zeroed(1, sizeof *m.walk, "a case");
    for (int row = 0; row < r->n; row++)
        m.base[row + 1] = m.base[row] + r->all[row].steps;
    m.walk->queue = memory_zeroed(m.base[r->n], sizeof *m.walk->queue, "a case");
    m.walk->seen = memory_zeroed(m.base[r->n], sizeof *m.walk->seen, "a case");
    m.kinds = memory_zeroed(m.base[r->n], sizeof *m.kinds, "a case");
    for (int row = 0; row < r->n; row++) {
        read_sources(&m, row);
        hold_values(&m, row);
    }
    // kind_of asks only whether a step deviates, and that stays as it is
    for (int row = 0; row < r->n; row++)
        for (int step = 0; step < r->all[row].steps; step++)
            if (deviates(&m, (place){row, step}))
                m.kinds[m.base[row] + step] = kind_of(&m, (place){row, step});
    return m;
}

void
place_free(place_map *m)
{
    for (int row = 0; row < m->r->n; row++)
        free(m->sources[row]);
    free(m->sources);
    free(m->n_sources);
    free(m->base);
    free(m->kinds);
    free(m->walk->queue);
    free(m->walk->seen);
    free(m->walk);
}

place_kind
place_of_step(const place_map *m, place at)
{
    return m->kinds[node(m, at)];
}

place_kind
place_of_tensor(const place_map *m, int row)
{
    place_kind most = PLACE_NOT_GIVEN;
    for (long i = m->base[row]; i < m->base[row + 1]; i++)
        most = m->kinds[i] > most ? m->kinds[i] : most;
    return most;
}

// Where a row stands in the order of computation: all rows of one direction at the first of them.
static int
rank_of(const reference *r, int row)
{
    int first = 0;
    if (!r->all[row].direction)
        return row;
    while (r->all[first].direction != r->all[row].direction)
        first++;
    return first;
}

// Whether a comes before b in the order of computation.
static bool
before(const reference *r, place a, place b)
{
    int rank_a = rank_of(r, a.row), rank_b = rank_of(r, b.row);
    if (rank_a != rank_b)
        return rank_a < rank_b;
    int forward = r->all[a.row].direction;
    int done_a = forward < 0 ? r->all[a.row].steps - 1 - a.step : a.step;
    int done_b = forward < 0 ? r->all[b.row].steps - 1 - b.step : b.step;
    return done_a != done_b ? done_a < done_b : a.row < b.row;
}

place
place_first_of(const place_map *m, int row)
{
    place found = {-1, 0};
    for (int kind = PLACE_CAUSE; found.row < 0 && kind >= PLACE_OPEN; kind--)
        for (int step = 0; step < m->r->all[row].steps; step++) {
            place at = {row, step};
            if ((int)place_of_step(m, at) == kind && (found.row < 0 || before(m->r, at, found)))
                found = at;
        }
    return found;
}

place
place_first(const place_map *m)
{
    place found = {-1, 0};
    for (int row = 0; row < m->r->n; row++) {
        place at = place_first_of(m, row);
        if (at.row < 0)
            continue;
        place_kind kind = place_of_step(m, at);
        place_kind best = found.row < 0 ? PLACE_AGREES : place_of_step(m, found);
        if (kind > best || (kind == best && before(m->r, at, found)))
            found = at;
    }
    return found;
}
