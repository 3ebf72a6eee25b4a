// What the figures train: two small towers on coloured shapes and their captions, and what is measured of them.
#ifndef CLIP_EXPERIMENT_H
#define CLIP_EXPERIMENT_H

#include "clip/clip.h"
#include "data/shapes.h"
#include "frame/training.h"

enum {
    CLIP_POOL = 256, // pairs among which one's own is looked for
    CLIP_POOLS = 4,
    CLIP_TESTED = CLIP_POOL * CLIP_POOLS,
    CLIP_KINDS = SHAPES_COLOURS * SHAPES_FORMS, // classes of zero-shot
    CLIP_LIFTS = 5 // groups of pairs by PMI: -inf, log 48 and the three larger ones
};

// The test pairs, the same for all trainings of a program.
typedef struct {
    shapes_scene *scenes; // (CLIP_TESTED)
    int *words;           // (CLIP_TESTED, SHAPES_SLOTS)
    float *pictures;      // (CLIP_TESTED, 3, side, side)
} clip_test;

clip_test clip_test_new(void);
void clip_test_free(clip_test *t);

// The towers of the figures: chapter vit's, P 4, D 32, one block of 4 heads and an MLP of 64, mean pool; captions
// through 64 units; d 32.
clip_config clip_usual(void);

// What a training begins with instead of new parameters, or leaves out.
typedef enum {
    CLIP_WHOLE,
    CLIP_HALF_THE_PATCHES, // FLIP, Li et al. 2023: of each picture of a batch
    CLIP_WORDS_AS_CLASSES, // CatLIP, Mehta et al. 2024: the picture tower alone, which words are said of it
    CLIP_LOCKED // LiT, Zhai et al. 2022: first that for half of the steps, then the tower is frozen
} clip_kind;

// What is measured in the end.
typedef struct {
    double recall; // R@1 in the pools, picture to caption
    // Part of the pictures whose colour and form are found among 48 captions that say these
    double zero_shot;
    double ensemble; // the same with 15 prompts a class
    double gap, scale, b;
    double mean_score;        // of z + b (b = 0 for InfoNCE) over all pairs of the pools
    double score[CLIP_LIFTS]; // mean of z + b by PMI
    double excess;            // loss of test pairs in batches of N, less that of PMI itself
} clip_measured;

// One training: fresh pairs at every step, Adam, warm-up 50, half a cosine down, gradients clipped to 1, t clamped.
typedef struct {
    training t;
    clip_kind kind;
    int N;
    bool sigmoid, b_fixed;
    float b; // at the start
    float rate;
    uint32_t seed;
    clip_measured m;
} clip_run;

// Trains and measures; t.steps from the caller. Returns the towers, whose parameters are in the caller's tape.
clip clip_train(clip_run *run, const clip_test *test);

// A run of N pairs with everything as usual: 500 steps, rate 8e-3; sigmoid with b.
clip_run clip_usual_run(int N, bool sigmoid, float b, uint32_t seed);

// What an ideal retriever, which knows PMI, reaches on the test pairs: R@1, and the mean loss of PMI over the pools cut
// into batches of N.
double clip_ideal_recall(const clip_test *test);
double clip_ideal_loss(const clip_test *test, int N, bool sigmoid);

#endif
