// Any bytes as the reader's numbers, then as distributions and as a tree: they are refused through fail(), or
// distributions sum to 1, and every node of the tree sees itself and stands behind its parent. For libFuzzer; `make
// fuzz` runs it.
#include "input.h"

#include "speculative/speculative.h"
#include "speculative/tool.h"

#include "files/fail.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// fail() ends a program, and what it has allocated goes with it: that is no leak.
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

static speculative_rows parsed;
static speculative_tree tree;
static int *paths, longest;

static bool
parse(const char *bytes, size_t size)
{
    if (setjmp(refused))
        return false;
    parsed = speculative_rows_parse(bytes, size, "numbers");
    return true;
}

static bool
as_paths(void)
{
    paths = NULL;
    if (setjmp(refused))
        return false;
    paths = speculative_rows_paths(&parsed, &longest);
    return true;
}

static void
as_tree(void)
{
    tree = speculative_tree_new(parsed.rows, longest, paths);
    bool *mask = calloc((size_t)tree.n * tree.n, sizeof *mask);
    if (!mask)
        return;
    speculative_tree_mask(&tree, 0, mask);
    for (int i = 0; i < tree.n; i++)
        if (!mask[i * tree.n + i] || !mask[i * tree.n] || tree.parent[i] >= i)
            abort();
    free(mask);
    speculative_tree_free(&tree);
}

static void
as_distributions(void)
{
    if (setjmp(refused))
        return;
    int V = speculative_rows_distributions(&parsed);
    for (int i = 0; i < parsed.rows; i++) {
        double sum = 0;
        for (int x = 0; x < V; x++)
            sum += parsed.value[parsed.at[i] + x];
        if (!(fabs(sum - 1) < 1e-9))
            abort();
    }
}

static void
try_input(char *bytes, size_t size)
{
    if (parse(bytes, size)) {
        if (as_paths()) {
            as_tree();
            free(paths);
        }
        as_distributions();
        speculative_rows_free(&parsed);
    }
}
