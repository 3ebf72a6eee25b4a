// What every chapter's program runs in: options, output folder, the figures in their order, exit status.
//
//     int main(int argc, char **argv)
//     {
//         const program_figure contents[] = {{"shift", shift, 2}, {0}};
//         program_begin("rope", (program_option[]){{0}}, argc, argv);
//         program_run(rope_cases, contents);
//         return program_end(claims_report());
//     }
#ifndef PROGRAM_H
#define PROGRAM_H

#include "files/table.h"

#include <stdbool.h>
#include <stddef.h>

// An option of the chapter's own: "--text", what its value is called in --help ("": it has none), what it
// does, and where the value goes, or the option's name where it has none.
typedef struct {
    const char *name, *value, *help;
    const char **set;
} program_option;

// One entry of the chapter's table of contents: a figure, the function that computes its tables, and
// about how many seconds that takes, by which the progress bar divides its width.
typedef struct {
    const char *name;
    void (*run)(void);
    double seconds;
} program_figure;

// Reads the options; --help and bad options end the program. `own` ends with an entry without name.
void program_begin(const char *name, const program_option *own, int argc, char **argv);

// Computes the cases (NULL: none) and then the figures, in order, up to one without name, or the one that --only
// names. Writes run.tsv: which run this is. Under --seed K every rng_at of the figures takes its seed + 1000 K.
void program_run(void (*cases)(void), const program_figure *contents);

// For a run on the reader's own data: the default output folder is build/NAME/`folder`, and --cases and --only are
// an error.
void program_own_data(const char *folder);

// `what` has no use for `options`, as "--quick --seed": one of them that is given is an error.
void program_refuse(const char *what, const char *options);

// The number that `option` has as its value, or `otherwise` where it was not given (NULL): from least to most, and a
// whole one. What is none is an error.
double program_number(const char *option, const char *value, double least, double most,
                      double otherwise);
int program_whole(const char *option, const char *value, int least, int most, int otherwise);

// The exit status: 1 if a claim was contradicted. Prints what --stats asks for.
int program_end(bool contradicted);

// `full`, or under --quick (every part, nothing to its end) `quick`.
int program_steps(int full, int quick);

// Under --quick NaN: a claim that needs the whole computation is skipped.
double unless_quick(double measured);

bool program_is_quick(void);
int program_threads(void);

// A path in the output folder, whose folder exists then; valid until this thread's next call.
const char *program_path(const char *at);

// The table NAME.tsv in the output folder.
table *program_table(const char *name, const char *columns);

// A computation has taken this much memory for its tape; --stats prints the most.
void program_tape_peak(size_t bytes);

#endif
