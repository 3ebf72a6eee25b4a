// The chapter on the reader's own numbers and texts.
#ifndef SPECULATIVE_TOOL_H
#define SPECULATIVE_TOOL_H

#include <stddef.h>

// What the reader asks for, as options have it; NULL: not given.
typedef struct {
    const char *p, *q;                 // files of distributions, one a line
    const char *draft_cost, *row_cost; // of --p and --q
    const char *tree, *accuracy;       // files of paths, and of accuracies, a line for each head
    const char *text;                  // a file to learn from
    const char *steps, *temperature;   // of --text
} speculative_tool_options;

// Does it. An option that would have no effect is refused.
void speculative_tool(const speculative_tool_options *asked);

// Numbers of a text file: those of row i, in line[i] of the file, are at[i] .. at[i + 1] - 1 of value. Lines without
// numbers and what stands behind # do not count. Between two numbers stand spaces, tabs or a comma.
typedef struct {
    int rows, *line, *at;
    double *value;
    const char *name;
} speculative_rows;

// Of bytes with a zero byte behind them; `name` stands in messages, as name:line. Anything but numbers is an error,
// and so is a file without any.
speculative_rows speculative_rows_parse(const char *bytes, size_t size, const char *name);
void speculative_rows_free(speculative_rows *r);

// The rows as distributions: numbers from 0 on whose sum is 1 up to 0.001; they are divided by it. All have as many
// symbols, which are returned.
int speculative_rows_distributions(speculative_rows *r);

// The rows as paths of ranks, filled up with -1: (rows, *longest), to be freed. A tree has at most 1000 nodes.
int *speculative_rows_paths(const speculative_rows *r, int *longest);

#endif
