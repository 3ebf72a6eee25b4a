"""PyTorch's counterparts of clip.c for bench.py: clip.py loss|step N FILE. The loss is two cross-entropies of one table, as
open_clip has them. FILE holds what clip.c has written."""
import sys
import warnings

warnings.filterwarnings("ignore", "Failed to initialize NumPy")
import torch
import torch.nn.functional as F

from contestant import answer
from steps import Numbers

what, N = sys.argv[1], int(sys.argv[2])
numbers = Numbers(sys.argv[3])
own = torch.arange(N)


def clip_loss(u, v, t):
    z = torch.exp(t) * u @ v.T
    return (F.cross_entropy(z, own) + F.cross_entropy(z.T, own)) / 2


def loss_alone():
    u, v, t = (numbers.take(*shape).requires_grad_() for shape in ((N, 64), (N, 64), (1,)))
    return lambda: torch.autograd.grad(clip_loss(u, v, t), (u, v, t))[0].abs().mean()


# ---- A training step of the chapter's towers ----

D, HEADS, HIDDEN, P, SIDE, WORDS, SLOTS = 32, 4, 64, 4, 16, 21, 4


def training():
    parameters = []

    def take(*shape):
        parameters.append(numbers.take(*shape).requires_grad_())
        return parameters[-1]

    patch, b_patch, positions = take(D, 3, P, P), take(D), take(16, D)
    q, k, v, o, b_q, b_v, b_o = *(take(D, D) for _ in range(4)), take(D), take(D), take(D)
    norm_1 = take(D), take(D)
    w_1, b_1, w_2, b_2 = take(HIDDEN, D), take(HIDDEN), take(D, HIDDEN), take(D)
    norm_2, end = (take(D), take(D)), (take(D), take(D))
    w_picture, embedding = take(D, D), take(WORDS, D)
    w_caption_1, b_caption_1, w_caption_2, b_caption_2 = take(64, SLOTS * D), take(64), take(D, 64), take(D)
    t = take(1)
    numbers.take(1) # b, which this loss has not
    pictures, words = numbers.take(N, 3, SIDE, SIDE), numbers.take(N, SLOTS).long()
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0)

    def split(x):
        return x.view(N, -1, HEADS, D // HEADS).transpose(1, 2)

    def tower():
        z = F.conv2d(pictures, patch, b_patch, P).flatten(2).transpose(1, 2) + positions
        y = F.layer_norm(z, (D,), *norm_1, 1e-6)
        # One product for the three, as libraries have it
        three = F.linear(y, torch.cat((q, k, v)), torch.cat((b_q, torch.zeros_like(b_q), b_v)))
        heads = F.scaled_dot_product_attention(*(split(a) for a in three.chunk(3, -1)))
        z = z + F.linear(heads.transpose(1, 2).reshape(N, -1, D), o, b_o)
        z = z + F.linear(F.gelu(F.linear(F.layer_norm(z, (D,), *norm_2, 1e-6), w_1, b_1)), w_2, b_2)
        return F.normalize(F.linear(F.layer_norm(z, (D,), *end, 1e-6).mean(1), w_picture))

    def captions():
        hidden = F.gelu(F.linear(F.embedding(words, embedding).flatten(1), w_caption_1, b_caption_1))
        return F.normalize(F.linear(hidden, w_caption_2, b_caption_2))

    def step():
        optimiser.zero_grad()
        loss = clip_loss(tower(), captions(), t)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            t.clamp_(max=4.60517019)
        return loss.detach()

    return step


step = loss_alone() if what == "loss" else training()
assert numbers.rest.numel() == 0, "more numbers than this takes"
answer(step)
