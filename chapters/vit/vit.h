// The Vision Transformer: a picture cut into patches, and a transformer's encoder over them.
// Dosovitskiy et al. 2021, "An image is worth 16x16 words", eq. 1-4.
//
// Letters of shapes: B pictures side by side, of C channels, H rows and W columns; patches of P x P pixels, K = C P P
// numbers each, N = (H / P) (W / P) of them; T tokens, N of them or N + 1; D width, h heads, F width of the MLP.
#ifndef VIT_H
#define VIT_H

#include "nets/tensor.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

// ---- From pixels to tokens ----

// x (B, C, H, W) -> (B, N, K): patch n = i (W / P) + j begins at row i P, column j P; the number of its pixel
// (c, u, v) is (c P + u) P + v, the order of a convolution's weight.
tensor *vit_patches(tensor *x, int P);

// z_0 (eq. 1): patches (B, N, K), w (D, K) or (D, C, P, P), b (D) -> (B, T, D), patches w^T + b, with class_token (D)
// put in front of each picture (NULL: nothing, T = N, else T = N + 1), and positions (T, D) added to all (NULL:
// nothing). Saves "embedded" (B, N, D), what it was without the two.
tensor *vit_tokens(tensor *patches, tensor *w, tensor *b, tensor *class_token, tensor *positions);

// ---- The blocks ----

// A block's two halves, with pre-norm and layer norms of eps 1e-6: x (B, T, D) + MSA(LN x) (eq. 2), and
// x + MLP(LN x) (eq. 3), the MLP with GELU. mask (B, T, T), true: token t may look at token s; NULL: at all.
tensor *vit_attend(const transformer_layer *l, tensor *x, const bool *mask);
tensor *vit_think(const transformer_layer *l, tensor *x);
tensor *vit_block_forward(const transformer_layer *l, tensor *x, const bool *mask);

// The mean of x's tokens from `first` on, n of them: (B, T, D) -> (B, D).
tensor *vit_mean_of(tensor *x, int first, int n);

// ---- The model ----

// What of the last tokens is the picture: the class token, or the mean over the patches (there is no class token).
typedef enum { VIT_CLASS, VIT_MEAN } vit_pool;

typedef struct {
    int H, W, C, P; // P divides H and W
    int D, L, h, F; // L blocks
    int classes;    // 0: no head, a tower of D features
    vit_pool pool;
    bool no_positions; // a bag of patches
} vit_config;

typedef struct {
    vit_config c;
    tensor *w_patch, *b_patch; // (D, C, P, P), (D)
    tensor *class_token;       // (D), or NULL
    tensor *positions;         // (T, D), or NULL; the class token's row is the first
    transformer_layer
        *block; // (L); block[l].self.attention may be set to watch or change its attention
    transformer_norm end;    // over the last tokens, before they are pooled
    tensor *w_head, *b_head; // (classes, D), (classes), or NULL
} vit;

// New parameters: matrices from N(0, 1 / columns) cut at two standard deviations, class token and positions from
// N(0, .02^2), biases 0, gains 1.
vit vit_new(const vit_config *c, rng *random);

// How many patches, and tokens, a picture has.
int vit_patch_count(const vit_config *c);
int vit_token_count(const vit_config *c);

// pictures (B, C, H, W) -> (B, T, D) before the first block.
tensor *vit_embed(const vit *m, tensor *pictures);

// What follows the last block: tokens (B, T, D) -> y (B, D), normalised and pooled (eq. 4); and the logits
// (B, classes) of y.
tensor *vit_pooled(const vit *m, tensor *tokens);
tensor *vit_head(const vit *m, tensor *features);

// All of it: pictures (B, C, H, W) -> features (B, D), and -> logits (B, classes).
tensor *vit_features(const vit *m, tensor *pictures);
tensor *vit_logits(const vit *m, tensor *pictures);

#endif
