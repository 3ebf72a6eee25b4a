// What the losses have to learn, exactly: the pointwise mutual information of a known joint distribution, and the
// least loss that any scores can have.
#ifndef CLIP_ORACLE_H
#define CLIP_ORACLE_H

#include "data/shapes.h"

// A joint distribution p (X, Y) of two discrete things; its rows' and columns' sums, PMI log(p(x, y) / (p(x) p(y))),
// -inf where p(x, y) is 0, and the mutual information, PMI's mean.
typedef struct {
    int X, Y;
    const double *p;
    double *of_x, *of_y, *pmi, information;
} clip_joint;

clip_joint clip_joint_new(int X, int Y, const double *p);
void clip_joint_free(clip_joint *j);

// What is expected, and trained.
typedef enum {
    CLIP_ROWS,    // InfoNCE, which y belongs to this x
    CLIP_COLUMNS, // which x belongs to this y
    CLIP_BOTH,    // the mean of the two
    CLIP_SIGMOID  // z has b in it
} clip_objective;

// The expected loss of scores z (X, Y) for batches of N pairs that are drawn independently: every way in which the
// other N - 1 can fall is counted with its probability. slope (X, Y) and curve (X Y, X Y) are the loss's first and
// second derivatives by z; NULL: not wanted.
double clip_expected(const clip_joint *j, clip_objective o, int N, const double *z, double *slope,
                     double *curve);

// Newton's method on z, `steps` steps from what is there, the loss before each and after the last in loss (steps + 1).
void clip_newton(const clip_joint *j, clip_objective o, int N, int steps, double *z, double *loss);

// ---- The shapes ----

// PMI of a caption and a scene, -inf where it is not true of it: log 48 + log 2 (says a size) + log 4 (says a place).
double clip_shapes_pmi(const int word[SHAPES_SLOTS], shapes_scene scene);

// Its mean, log 48 + log 2 / 2 + log 4 / 2.
double clip_shapes_information(void);

// The least expected loss of batches of N: of the choice among captions, among pictures, and of the sigmoid loss.
typedef struct {
    double to_caption, to_picture, sigmoid;
} clip_floor;

clip_floor clip_shapes_floor(int N);

#endif
