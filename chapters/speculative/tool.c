#include "speculative/tool.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "frame/program.h"
#include "speculative/own_text.h"
#include "speculative/passes.h"
#include "speculative/speculative.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANK = 255, MOST_DEPTH = 64, MOST_NODES = 1000, SHOWN_NODES = 40, MOST_K = 16 };

// ---- Rows of numbers ----

static bool
between(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\r';
}

// Where the text of a line ends: at its end or at a #.
static const char *
text_end(const char *at, const char *end)
{
    while (at < end && *at != '\n' && *at != '#')
        at++;
    return at;
}

// The numbers of the line at `at`, into x unless it is NULL; how many they are.
static int
read_line(const char *at, const char *end, const char *name, int line, double *x)
{
    int n = 0;
    end = text_end(at, end);
    while (at < end) {
        if (between(*at)) {
            at++;
            continue;
        }
        char *stop, word[32] = "";
        double number = strtod(at, &stop);
        bool bare = stop > at && stop <= end && (stop == end || between(*stop));
        if (!bare || !isfinite(number)) {
            snprintf(word, sizeof word, "%.*s", (int)(end - at < 20 ? end - at : 20), at);
            fail("%s:%d: %s: expected numbers", name, line, escape(word));
        }
        if (x)
            x[n] = number;
        n++;
        at = stop;
    }
    return n;
}

// Goes through all lines; with `fill` it fills r's memory, without it counts: rows, and *numbers.
static void
read_lines(speculative_rows *r, const char *bytes, const char *end, bool fill, int *numbers)
{
    int line = 1;
    r->rows = *numbers = 0;
    for (const char *at = bytes; at < end; at++, line++) {
        int n = read_line(at, end, r->name, line, fill ? r->value + *numbers : NULL);
        *numbers += n;
        if (n > 0 && fill) {
            r->line[r->rows] = line;
            r->at[r->rows + 1] = *numbers;
        }
        r->rows += n > 0;
        while (at < end && *at != '\n')
            at++;
    }
}

speculative_rows
speculative_rows_parse(const char *bytes, size_t size, const char *name)
{
    speculative_rows r = {.name = name};
    int numbers;
    read_lines(&r, bytes, bytes + size, false, &numbers);
    if (!r.rows)
        fail("%s: no numbers", name);
    r.line = memory_zeroed(r.rows, sizeof *r.line, "lines");
    r.at = memory_zeroed(r.rows + 1, sizeof *r.at, "lines");
    r.value = memory_zeroed(numbers, sizeof *r.value, "numbers");
    read_lines(&r, bytes, bytes + size, true, &numbers);
    return r;
}

void
speculative_rows_free(speculative_rows *r)
{
    free(r->line);
    free(r->at);
    free(r->value);
}

int
speculative_rows_distributions(speculative_rows *r)
{
    int V = r->at[1] - r->at[0];
    for (int i = 0; i < r->rows; i++) {
        double *p = r->value + r->at[i], sum = 0;
        if (r->at[i + 1] - r->at[i] != V)
            fail("%s:%d: %d probabilities; expected %d, as in line %d", r->name, r->line[i],
                 r->at[i + 1] - r->at[i], V, r->line[0]);
        for (int x = 0; x < V; x++) {
            if (p[x] < 0)
                fail("%s:%d: probability %g: expected 0 or more", r->name, r->line[i], p[x]);
            sum += p[x];
        }
        if (!(fabs(sum - 1) <= 1e-3))
            fail("%s:%d: the probabilities sum to %g: expected 1", r->name, r->line[i], sum);
        for (int x = 0; x < V; x++)
            p[x] /= sum;
    }
    return V;
}

int *
speculative_rows_paths(const speculative_rows *r, int *longest)
{
    *longest = 0;
    for (int i = 0; i < r->rows; i++) {
        int n = r->at[i + 1] - r->at[i];
        if (n > MOST_DEPTH)
            fail("%s:%d: a path of %d ranks: expected %d at most", r->name, r->line[i], n,
                 MOST_DEPTH);
        *longest = n > *longest ? n : *longest;
        for (int d = r->at[i]; d < r->at[i + 1]; d++) {
            double rank = r->value[d];
            if (!(rank >= 0 && rank <= MOST_RANK && rank == floor(rank)))
                fail("%s:%d: rank %g: expected a whole number from 0 to %d", r->name, r->line[i],
                     rank, MOST_RANK);
        }
    }
    if (r->at[r->rows] > MOST_NODES)
        fail("%s: %d ranks in all: expected %d at most", r->name, r->at[r->rows], MOST_NODES);
    int *paths = memory_zeroed((long)r->rows * *longest, sizeof *paths, "paths");
    for (int i = 0; i < r->rows; i++)
        for (int d = 0; d < *longest; d++) {
            bool is_there = d < r->at[i + 1] - r->at[i];
            paths[i * *longest + d] = is_there ? (int)r->value[r->at[i] + d] : -1;
        }
    return paths;
}

static speculative_rows
rows_of(const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    speculative_rows r = speculative_rows_parse(bytes, size, path);
    free(bytes);
    return r;
}

// ---- --p and --q ----

static void
accept_rows(const speculative_tool_options *o)
{
    double c = program_number("--draft-cost", o->draft_cost, 0, 100, 0.05);
    double slope = program_number("--row-cost", o->row_cost, 0, 100, 0.05);
    speculative_rows p = rows_of(o->p), q = rows_of(o->q);
    int V = speculative_rows_distributions(&p), of_q = speculative_rows_distributions(&q);
    if (p.rows != q.rows || V != of_q)
        fail("%s has %d distributions of %d symbols, %s has %d of %d: expected as many", o->p,
             p.rows, V, escape(o->q), q.rows, of_q);
    double a = 0, equal = 0, best_gain = 0;
    for (int i = 0; i < p.rows; i++) {
        const double *target = p.value + p.at[i], *draft = q.value + q.at[i];
        a += speculative_overlap(V, target, draft) / p.rows;
        for (int x = 0; x < V; x++)
            equal += target[x] * draft[x] / p.rows;
        if (i < SHOWN_NODES)
            printf("%s:%d: accepted %.4f\n", escape(p.name), p.line[i],
                   speculative_overlap(V, target, draft));
    }
    printf("In the mean of %d a draft is accepted with probability %.4f (equal samples: %.4f).\n"
           "\n  k  symbols a pass  gain with draft cost %g, rows 1 + %g (n - 1)\n",
           p.rows, a, equal, c, slope);
    int best = 0;
    for (int k = 0; k <= MOST_K; k++) {
        double tokens = speculative_formula(a, k), gain = tokens / (k * c + 1 + slope * k);
        printf("%3d  %14.4f  %.4f\n", k, tokens, gain);
        best = gain > best_gain ? k : best;
        best_gain = fmax(gain, best_gain);
    }
    printf("\nThe best k up to %d is %d: %.4f symbols in the time of one, if acceptances are "
           "independent.\n",
           MOST_K, best, best_gain);
    speculative_rows_free(&p);
    speculative_rows_free(&q);
}

// ---- --tree ----

// 1 and, of each node, the product of the accuracies on its path.
static double
promised(const speculative_tree *t, const speculative_rows *accuracy)
{
    double sum = 1, reach[t->n];
    reach[0] = 1;
    for (int i = 1; i < t->n; i++) {
        int head = t->depth[i] - 1;
        if (head >= accuracy->rows)
            fail("%s: %d lines; the tree has depth %d: expected a line for each", accuracy->name,
                 accuracy->rows, t->depth[i]);
        int ranks = accuracy->at[head + 1] - accuracy->at[head];
        if (t->rank[i] >= ranks)
            fail("%s:%d: %d accuracies; the tree takes rank %d at depth %d", accuracy->name,
                 accuracy->line[head], ranks, t->rank[i], t->depth[i]);
        double right = accuracy->value[accuracy->at[head] + t->rank[i]];
        if (!(right >= 0 && right <= 1))
            fail("%s:%d: accuracy %g: expected 0 to 1", accuracy->name, accuracy->line[head],
                 right);
        reach[i] = reach[t->parent[i]] * right;
        sum += reach[i];
    }
    return sum;
}

static void
show_tree(const speculative_tool_options *o)
{
    speculative_rows r = rows_of(o->tree);
    int longest, *paths = speculative_rows_paths(&r, &longest);
    speculative_tree t = speculative_tree_new(r.rows, longest, paths);
    bool *mask = memory_zeroed((long)t.n * t.n, sizeof *mask, "a mask");
    speculative_tree_mask(&t, 0, mask);
    printf("%d nodes, depth %d; a pass has %d rows\n\n node parent depth rank  sees of the nodes\n",
           t.n, longest, t.n);
    for (int i = 0; i < t.n && i < SHOWN_NODES; i++) {
        printf("%5d %6d %5d %4d  ", i, t.parent[i], t.depth[i], t.rank[i]);
        for (int j = 0; j < t.n && j < SHOWN_NODES; j++)
            putchar(mask[i * t.n + j] ? 'x' : '.');
        putchar('\n');
    }
    if (t.n > SHOWN_NODES)
        printf("(%d nodes more)\n", t.n - SHOWN_NODES);
    printf(
        "\nEach also sees all of the prefix; its position is the prefix's length and its depth.\n");
    if (o->accuracy) {
        speculative_rows accuracy = rows_of(o->accuracy);
        double tokens = promised(&t, &accuracy);
        printf("Products of the accuracies promise %.4f symbols a pass; expect less or more, since "
               "guesses "
               "are not independent.\n",
               tokens);
        speculative_rows_free(&accuracy);
    }
    free(mask);
    free(paths);
    speculative_tree_free(&t);
    speculative_rows_free(&r);
}

static void
check_options(const speculative_tool_options *o)
{
    const struct {
        const char *name, *value, *needs, *given;
    } needs[] = {{"--q", o->q, "--p", o->p},
                 {"--p", o->p, "--q", o->q},
                 {"--draft-cost", o->draft_cost, "--p", o->p},
                 {"--row-cost", o->row_cost, "--p", o->p},
                 {"--accuracy", o->accuracy, "--tree", o->tree},
                 {"--steps", o->steps, "--text", o->text},
                 {"--temperature", o->temperature, "--text", o->text}};
    for (int i = 0; i < (int)(sizeof needs / sizeof *needs); i++)
        if (needs[i].value && !needs[i].given)
            fail("%s %s: it needs %s, which is not given", needs[i].name, escape(needs[i].value),
                 needs[i].needs);
}

void
speculative_tool(const speculative_tool_options *asked)
{
    check_options(asked);
    if (asked->p)
        accept_rows(asked);
    if (asked->tree)
        show_tree(asked);
    if (asked->text)
        speculative_own_text(asked->text, program_whole("--steps", asked->steps, 2, 1000000, 1000),
                             program_number("--temperature", asked->temperature, 0.05, 10, 1));
}
