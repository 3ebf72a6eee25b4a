// How far the answers of random features are from those of softmax attention: one map on many random problems, for
// the figures that compare maps.
#ifndef PERFORMER_STUDY_H
#define PERFORMER_STUDY_H

#include "numbers/stats.h"
#include "performer/performer.h"

enum { PERFORMER_STUDY_SIZES = 6 };

// What is studied: a map with F, F factor, F factor^2 ... features, `sizes` of them, at most PERFORMER_STUDY_SIZES.
typedef struct {
    performer_map map;
    performer_rows rows;
    bool shortened; // rows of length sqrt(d / m), with m rows
    double std;     // of queries and keys, before they are scaled by d^-1/4; values have 1
    uint32_t seed;
    int F, factor, sizes;
} performer_study;

// What came out on one problem, 512 random queries, keys and values of width 16: the mean square errors of the
// answers, by size, and that of answering with the mean of all values.
typedef struct {
    const performer_study *study;
    int problem, stream; // of the seed: the problem, the draws of W
    double error[PERFORMER_STUDY_SIZES], averaging;
} performer_outcome;

typedef struct {
    int problems;
    performer_outcome *outcome; // (studies, problems), to be freed
} performer_outcomes;

// Runs n studies on as many problems each, up to 100, the same for all studies of one seed and std.
performer_outcomes performer_run_studies(int n, const performer_study *studies, int problems);

// The median and quartiles over the problems of study i's errors with F features; as parts of the error of averaging if
// `relative`. NaN where the study has no such F, as under --quick.
stats_quartiles performer_errors(const performer_outcomes *all, int i, int F, bool relative);

// The same of the errors of averaging.
stats_quartiles performer_averaging(const performer_outcomes *all, int i);

#endif
