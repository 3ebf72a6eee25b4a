#include "activations/biases.h"

#include "activations/activations.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

tensor *
activations_layer_norm(tensor *x, float eps)
{
    int n = shape_last(x->shape);
    tensor *gain = constant("gain", SHAPE(n), NULL), *shift = constant("shift", SHAPE(n), NULL);
    for (int i = 0; i < n; i++)
        gain->data[i] = 1;
    return t_layer_norm(x, gain, shift, eps);
}

tensor *
activations_batch_norm(tensor *x, float eps)
{
    return t_transpose(activations_layer_norm(t_transpose(x, 0, 1), eps), 0, 1);
}

tensor *
activations_attention(tensor *q, tensor *k, tensor *v)
{
    tensor *scores = t_scale(t_matmul_nt(q, k), 1 / sqrt32((float)shape_last(q->shape)));
    return t_matmul(t_softmax(scores), v);
}

tensor *
activations_relu_net(tensor *x, tensor *w1, tensor *w2)
{
    return t_matmul_nt(activations_apply(ACTIVATIONS_RELU, t_matmul_nt(x, w1)), w2);
}
