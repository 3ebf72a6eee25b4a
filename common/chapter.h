// The frame in which every chapter's program runs: options, output folder, progress, parallel runs,
// claims, reference cases, exit status.
#ifndef CHAPTER_H
#define CHAPTER_H

#include "random.h"
#include "table.h"
#include "tensor.h"
#include "train.h"

// An option of the chapter's own: "--text", what its value is called in --help ("": it has none), what it
// does, and where the value goes, or the option's name where it has none.
typedef struct {
    const char *name, *value, *help;
    const char **set;
} option;

// One entry of the chapter's table of contents: a figure, the function that computes its tables, and
// about how many seconds that takes, by which the progress bar divides its width.
typedef struct {
    const char *name;
    void (*run)(void);
    double seconds;
} figure;

// Reads the options; --help and bad options end the program. `own` ends with an entry without name.
void chapter_begin(const char *name, const option *own, int argc, char **argv);

// Runs the cases (NULL: none) and then the figures, in order, up to one without name.
void chapter_run(void (*cases)(void), const figure *contents);

// For a run on the reader's own data: the default output folder is build/NAME/`folder`.
void chapter_reader(const char *folder);

// Prints the claims, writes claims.tsv; the exit status: 1 if a claim's verdict is contradicted.
int chapter_end(void);

int chapter_steps(int full,
                  int quick); // full, or under --quick (every part, nothing to its end) quick
const char *
chapter_path(const char *at); // in the output folder; valid until this thread's next call
table *chapter_table(const char *figure, const char *columns); // figure.tsv in the output folder

// Calls run(i, context) for i = 0..n-1, spread over --threads. Inside, everything is serial, with
// the thread's own tape, parameters and states, freed after each run. Begin with the longest.
void chapter_runs(int n, void (*run)(int i, void *context), void *context);

// How many steps this figure will take in all, and that some were taken: for the progress bar.
void chapter_expect(long steps);
void chapter_advance(long steps);

// One step of a training: the loss's gradient, clipped to joint norm theta (0: not clipped), a step of Adam, a new
// tape, and one step of progress. Returns the loss.
float chapter_learn(tensor *loss, adamw *adam, float rate, double theta);

// The loss of every step of one training, a column of a figure's table.
typedef struct {
    char name[32];
    int steps;
    float *loss; // (steps)
} curve;

// Writes name.tsv: means over blocks of steps; each curve's steps are a whole number of blocks.
void chapter_curves(const char *name, int block, int n, const curve *curves);

// Seconds of the wall clock, for tables of timings and nothing else.
double chapter_seconds(void);

// Clears the progress bar's line, before something is printed while it stands.
void chapter_clear(void);

// ---- Claims: what the figures are to show, checked as the program runs ----

// What the author says came out. The program ends with status 1 where a claim that is reproduced, or
// in part (as far as its statement says), does not hold, or one that is not at this scale does.
typedef enum { REPRODUCED, IN_PART, NOT_AT_THIS_SCALE } verdict;

// |measured - expected| <= tolerance; measured < bound; measured > bound. `source` says where the
// expectation is from. A claim that needs a whole training passes trained(measured).
void claim_near(const char *id, const char *statement, double expected, double measured,
                double tolerance, const char *source, verdict v);
void claim_below(const char *id, const char *statement, double bound, double measured,
                 const char *source, verdict v);
void claim_above(const char *id, const char *statement, double bound, double measured,
                 const char *source, verdict v);
double trained(double measured); // under --quick NaN: the claim is skipped

// ---- Reference cases: a folder of .npy files with a manifest ----

// Roles: "input", "step", "output", "gradient". `tolerance` is how closely a float32 implementation
// must agree: |a - b| <= tolerance max(largest |b|, 1).
void case_begin(const char *name);
void case_f4(const char *role, const char *name, shape s, const float *data, double tolerance,
             const char *about);
void case_f8(const char *role, const char *name, shape s, const double *data, double tolerance,
             const char *about);
void case_i4(const char *role, const char *name, shape s, const int *data, const char *about);
void case_end(void);

// A new constant, or parameter, of values from N(0, std^2), published as an input.
tensor *case_constant(const char *name, shape s, rng *r, float std, double tolerance,
                      const char *about);
tensor *case_param(const char *name, shape s, rng *r, float std, double tolerance,
                   const char *about);

// Publishes the gradient of every parameter x as dx.
void case_gradients(double tolerance);

#endif
