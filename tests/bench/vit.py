"""PyTorch's counterparts of vit.c for bench.py: vit.py vit|net|convolution SIDE FILE. FILE holds what vit.c has written."""
import sys
import warnings

warnings.filterwarnings("ignore", "Failed to initialize NumPy")
import torch
import torch.nn.functional as F

from contestant import answer
from steps import Numbers

B, CHANNELS, D, HEADS, HIDDEN, SIDE, P = 64, 32, 32, 4, 128, 16, 4
what, side = sys.argv[1], int(sys.argv[2])
numbers = Numbers(sys.argv[3])
parameters = []


def take(*shape):
    parameters.append(numbers.take(*shape).requires_grad_())
    return parameters[-1]


if what == "convolution":
    x, w, bias = take(B, CHANNELS, side, side), take(CHANNELS, CHANNELS, 3, 3), take(CHANNELS)
    weight = numbers.take(B, CHANNELS, side, side)
elif what == "net":
    layers = []
    for before, after, stride in (1, 16, 1), (16, 32, 2), (32, 64, 2):
        layers.append((take(after, before, 3, 3), take(after), stride))
    head = take(10, 64), take(10)
else:
    patch, b_patch = take(D, 1, P, P), take(D)
    token, positions = take(D), take(17, D)
    blocks = []
    for _ in range(2):
        q, k, v, o = (take(D, D) for _ in range(4))
        b_q, b_v, b_o = take(D), take(D), take(D)
        norm_1 = take(D), take(D)
        w_1, b_1, w_2, b_2 = take(HIDDEN, D), take(HIDDEN), take(D, HIDDEN), take(D)
        blocks.append((q, k, v, o, b_q, b_v, b_o, norm_1, w_1, b_1, w_2, b_2, (take(D), take(D))))
    end, head = (take(D), take(D)), (take(10, D), take(10))
if what != "convolution":
    pictures, digits = numbers.take(B, 1, SIDE, SIDE), torch.arange(B) % 10
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0)
assert numbers.rest.numel() == 0, "more numbers than this takes"


def split(x):
    return x.view(B, -1, HEADS, D // HEADS).transpose(1, 2)


def logits():
    if what == "net":
        x = pictures
        for w, b, stride in layers:
            x = F.relu(F.conv2d(x, w, b, stride, 1))
        return F.linear(x.mean((2, 3)), *head)
    z = F.conv2d(pictures, patch, b_patch, P).flatten(2).transpose(1, 2)
    z = torch.cat((token.expand(B, 1, D), z), 1) + positions
    for q, k, v, o, b_q, b_v, b_o, norm_1, w_1, b_1, w_2, b_2, norm_2 in blocks:
        y = F.layer_norm(z, (D,), *norm_1, 1e-6)
        # One product for the three, as libraries have it
        three = F.linear(y, torch.cat((q, k, v)), torch.cat((b_q, torch.zeros_like(b_q), b_v)))
        heads = F.scaled_dot_product_attention(*(split(a) for a in three.chunk(3, -1)))
        z = z + F.linear(heads.transpose(1, 2).reshape(B, -1, D), o, b_o)
        y = F.layer_norm(z, (D,), *norm_2, 1e-6)
        z = z + F.linear(F.gelu(F.linear(y, w_1, b_1)), w_2, b_2)
    return F.linear(F.layer_norm(z, (D,), *end, 1e-6)[:, 0], *head)


def step():
    if what == "convolution":
        return torch.autograd.grad(F.conv2d(x, w, bias, 1, 1), parameters, weight)[0].abs().mean()
    optimiser.zero_grad()
    loss = F.cross_entropy(logits(), digits)
    loss.backward()
    optimiser.step()
    return loss.detach()


answer(step)
