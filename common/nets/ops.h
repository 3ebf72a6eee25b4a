// The differentiable operations. One line of mathematics each; a wrong shape ends the program with
// both shapes and the rule. "..." stands for any number of leading axes, the same on all operands.
#ifndef OPS_H
#define OPS_H

#include "nets/tensor.h"
#include "numbers/formats.h"

// Elementwise. b has a's shape, or the shape of a's last axes and is then repeated over the first ones.
tensor *t_add(tensor *a, tensor *b);     // a + b
tensor *t_sub(tensor *a, tensor *b);     // a - b
tensor *t_mul(tensor *a, tensor *b);     // a b
tensor *t_scale(tensor *x, float s);     // s x
tensor *t_broadcast(tensor *x, shape s); // x repeated to s: axes of size 1 or missing in front grow

tensor *t_tanh(tensor *x);        // tanh x
tensor *t_sigmoid(tensor *x);     // 1 / (1 + exp(-x))
tensor *t_silu(tensor *x);        // x / (1 + exp(-x)); also called swish
tensor *t_relu(tensor *x);        // max(x, 0); slope 0 at 0
tensor *t_relu_square(tensor *x); // max(x, 0)^2; So et al. 2021
tensor *t_gelu(tensor *x);        // x (1 + erf(x / sqrt 2)) / 2; Hendrycks & Gimpel 2016
tensor *t_gelu_tanh(tensor *x);   // x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2

// x rounded to the format f, as if stored in it; so is the gradient on its way back. NULL: x itself.
tensor *t_round(tensor *x, const float_format *f);

// Products. (..., n, k) x (k, m) -> (..., n, m), or with b (..., k, m) one product for each leading index.
tensor *t_matmul(tensor *a, tensor *b);    // a b
tensor *t_matmul_nt(tensor *a, tensor *b); // a b^T with b (m, k) or (..., m, k); nothing is copied

// x w^T + b: (..., k) -> (..., m) with w (m, k), b (m), as torch.nn.Linear; sums begin with b.
tensor *t_linear(tensor *x, tensor *w, tensor *b);

// Sums. The result is one number.
tensor *t_sum(tensor *x);                           // sum of x
tensor *t_mean(tensor *x);                          // sum of x / number of values
tensor *t_mean_squared_error(tensor *x, tensor *y); // mean of (x - y)^2

// Along the last axis, of size d.
tensor *t_softmax(tensor *x); // exp(x_i - max x) / sum_j exp(x_j - max x)
tensor *t_layer_norm(tensor *x, tensor *gain, tensor *bias, float eps);
// gain (x - mean) / sqrt(variance + eps) + bias, with the variance over d (not d - 1); gain, bias (d)
tensor *t_rms_norm(tensor *x, tensor *gain, float eps);
// gain x / sqrt(mean of x^2 + eps); gain (d); a row of zeros needs eps > 0; Zhang & Sennrich 2019

// logits (..., V), one target in 0..V-1 for each row, -1: a row that does not count.
// The mean of -log softmax(logits)[target] over the rows that count; there must be one.
tensor *t_cross_entropy(tensor *logits, const int *targets);

// Rows of w (V, D): ids of shape s -> (s, D). The gradient of a row is the sum over its uses.
tensor *t_embedding(tensor *w, shape s, const int *ids);

// Shape and place. Views share memory and gradient with x.
tensor *t_reshape(tensor *x, shape s);        // a view with as many values
tensor *t_at(tensor *x, int i);               // a view: x[i] along the first axis
tensor *t_slice(tensor *x, int from, int n);  // a view: x[from .. from + n - 1], first axis
tensor *t_transpose(tensor *x, int i, int j); // a copy with axes i and j exchanged
tensor *t_stack(int n, tensor *const x[]);    // n tensors of one shape s -> (n, s)

// ---- What ops are made of, beside tensor.h ----

// x->grad += factor y->grad, summed over the leading axes that x lacks; nothing where x wants no gradient.
void ops_add_gradient(tensor *x, const tensor *y, float factor);

#endif
