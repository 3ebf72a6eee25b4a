// What the losses of this chapter say of the reader's own vectors, of any model: --pictures and --captions.
#ifndef CLIP_OWN_H
#define CLIP_OWN_H

#include "files/npy.h"

// N pairs of vectors, brought to length 1, and the shortest and longest that there were.
typedef struct {
    int N, d;
    float *u, *v; // (N, d)
    double shortest[2], longest[2];
} clip_own_pairs;

// Of two arrays (N, d); the paths stand in messages. Another shape, fewer than two pairs, a number that is not finite
// and a row of zeros are errors.
clip_own_pairs clip_own_take(const npy *pictures, const char *pictures_path, const npy *captions,
                             const char *captions_path);
void clip_own_free(clip_own_pairs *a);

enum { CLIP_OWN_SCALES = 7 };

typedef struct {
    double own, other, gap; // mean cosines of pairs, and of the rest; the modality gap
    double recall[2][2];    // R@1 and R@5, of pictures and of captions
    double scale[CLIP_OWN_SCALES], infonce[CLIP_OWN_SCALES]; // the last scale is the reader's
    double sigmoid, pull; // the sigmoid loss at that scale and b, and its db
} clip_own_measured;

clip_own_measured clip_own_measure(const clip_own_pairs *a, double scale, double b);

// Reads the files, measures, prints and writes own.tsv. scale and bias as they stand on the command line, or NULL.
void clip_own(const char *pictures, const char *captions, const char *scale, const char *bias);

#endif
