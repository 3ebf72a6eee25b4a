// The convolution of pictures, with its gradients.
#ifndef VIT_CONVOLUTION_H
#define VIT_CONVOLUTION_H

#include "nets/tensor.h"

// y[b, d, i, j] = bias_d + sum over c, u, v of w[d, c, u, v] x[b, c, i stride + u - padding, j stride + v - padding],
// x being 0 outside: x (B, C, H, W), w (D, C, k, k), bias (D) -> (B, D, H', W') with
// H' = (H + 2 padding - k) / stride + 1, rounded down. As torch.nn.functional.conv2d: w is not flipped.
tensor *vit_convolution(tensor *x, tensor *w, tensor *bias, int stride, int padding);

// (B, D, H, W) -> (B, D): the mean over all places.
tensor *vit_mean_of_places(tensor *x);

#endif
