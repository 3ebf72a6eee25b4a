// What is done with directions once they are learnt: finding one's own among others, classes by their captions, and how
// far the two kinds stand apart.
#ifndef CLIP_MATCH_H
#define CLIP_MATCH_H

// Scores (N, N) of N questions against N answers; the answer of question i is i. greater (N) and equal (N): how many
// answers have a higher score than it, and as high a one, itself counted.
void clip_ranks(int N, const float *scores, int *greater, int *equal);

// R@k: how many of the questions find their own answer among the k best, as the mean over all orders of equal scores.
double clip_recall(int N, const int *greater, const int *equal, int k);

// A class as one direction: the mean of its n prompts' directions v (n, d), normalised again -> w (d).
void clip_ensemble(int n, int d, const float *v, float *w);

// For each of N directions u the class, of C directions w, with the largest u w; the first of equal ones.
void clip_zero_shot(int N, int C, int d, const float *u, const float *w, int *classes);

// |mean u - mean v| of u (N, d) and v (M, d): the modality gap (Liang et al. 2022).
double clip_gap(int N, int M, int d, const float *u, const float *v);

#endif
