// CLIP and SigLIP: pictures and captions as directions in one space, and the two losses that make matching ones
// agree. Radford et al. 2021, "Learning transferable visual models from natural language supervision", fig. 3; Zhai
// et al. 2023, "Sigmoid loss for language image pre-training", alg. 1.
//
// Letters of shapes: N pairs in a batch, of a picture and its caption with the same number; d the common space.
#ifndef CLIP_H
#define CLIP_H

#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "vit/vit.h"

// ---- Directions ----

// u = x / |x|, each row of x (n, d). A row of zeros is an error.
tensor *clip_normalise(tensor *x);

// ---- Losses ----

// Which way is asked: which of the N captions belongs to this picture (rows of z), which of the N pictures to this
// caption (columns), or both, with the mean of the two losses.
typedef enum { CLIP_BOTH_WAYS, CLIP_PICTURE_TO_CAPTION, CLIP_CAPTION_TO_PICTURE } clip_way;

// z = e^t u v^T for u and v (N, d) and one number t, and the mean over i of -log softmax(z_i.)_i, of -log
// softmax(z_.i)_i, or of both. Saves "scores", z, "of_rows" and "of_columns", the softmaxes, and, when backward has
// passed, "dz", (N, N) each.
tensor *clip_infonce(tensor *u, tensor *v, tensor *t, clip_way way);

// log(1 + e^x), without loss of digits where it is small: log of the rounded sum, and what the sum has lost.
static inline float
clip_softplus(float x)
{
    float e = exp32(x < 0 ? x : -x), sum = 1 + e, lost = e - (sum - 1);
    return (x > 0 ? x : 0) + (log32(sum) + lost / sum);
}

// 1/N sum over all i and j of softplus(-y_ij (z_ij + b)), z = e^t u v^T, y_ij = 1 for i = j, else -1; one number b.
// Saves "scores", z, "logits", z + b, "pair_losses" and "slopes", the loss by the logits, (N, N) each.
tensor *clip_sigmoid(tensor *u, tensor *v, tensor *t, tensor *b);

// log 100: the scale e^t goes no higher. For after the optimiser's step.
extern const float clip_most_t;
void clip_clamp(tensor *t);

// ---- The two towers ----

// Captions are `slots` words each. The picture tower is chapter vit's, without a head; d the common space.
typedef struct {
    vit_config picture;
    int words, slots, width, hidden, d; // of a word's embedding, and of the hidden layer
} clip_config;

typedef struct {
    clip_config c;
    vit tower;
    tensor *w_picture;             // (d, D)
    tensor *embedding;             // (words, width)
    tensor *w_1, *b_1, *w_2, *b_2; // (hidden, slots width), (hidden), (d, hidden), (d)
    tensor *t;                     // one number, the logarithm of the scale
    tensor *b;                     // one number, the sigmoid loss's
} clip;

// New parameters; matrices from N(0, 1 / columns), embeddings from N(0, 1), biases 0. t and b as given.
clip clip_new(const clip_config *c, float t, float b, rng *random);

// pictures (N, C, H, W) -> u (N, d); words (N, slots) -> v (N, d): directions.
tensor *clip_pictures(const clip *m, tensor *pictures);
tensor *clip_captions(const clip *m, int N, const int *words);

// The second half of clip_pictures: features (N, D) -> u.
tensor *clip_project(const clip *m, tensor *features);

#endif
