// A trained model at another resolution: its positions interpolated on their grid, its patches' weights resized.
#ifndef VIT_RESIZE_H
#define VIT_RESIZE_H

// Bilinear, or bicubic: Keys 1981 with a = -3/4, as most libraries of pictures have it.
typedef enum { VIT_LINEAR, VIT_CUBIC } vit_kernel;

// R (m, n), with which y = R x (m) interpolates x (n): sample i is at (i + 1/2) n / m - 1/2 of x (align_corners
// false, no antialiasing); beyond the edge x goes on with its last value. Its rows sum to 1.
void vit_resize_matrix(vit_kernel kernel, int n, int m, double *r);

// R^+ (n, m) of R (m, n) with independent rows or columns: (R^T R)^-1 R^T where m >= n, so that R^+ R = I; else
// R^T (R R^T)^-1.
void vit_pseudo_inverse(int n, int m, const double *r, double *inverse);

// A grid of positions from (first + h w, D) to (first + h2 w2, D), Y = R_h X R_w^T for each of the D numbers; the
// `first` rows, those of the class token, stay as they are.
void vit_resize_positions(vit_kernel kernel, int first, int D, int h, int w, const float *from,
                          int h2, int w2, float *to);

// How the weights of a patch are resized: as a picture, R w R^T; the same divided by R's gain (P2 / P)^2, so that a
// picture of one colour gives what it gave; or by the pseudo-inverse, w' = (R^+)^T w R^+ (Beyer et al. 2023,
// FlexiViT), so that <w', R x R^T> = <w, x> where P2 >= P.
typedef enum { VIT_AS_PICTURE, VIT_OVER_GAIN, VIT_PSEUDO_INVERSE } vit_weights;

// w (rows, P, P) -> w2 (rows, P2, P2), bilinear; rows: D C of a patch embedding.
void vit_resize_patches(vit_weights how, int rows, int P, const float *w, int P2, float *w2);

#endif
