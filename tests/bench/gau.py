"""PyTorch's counterparts of gau.c for bench.py: gau.py quadratic|flash N FILE. FILE holds what gau.c has written."""
import sys
import warnings

warnings.filterwarnings("ignore", "Failed to initialize NumPy")
import torch
import torch.nn.functional as F

from contestant import answer
from steps import Numbers

D, WIDE, NARROW, CHUNK = 64, 128, 32, 64
what, N = sys.argv[1], int(sys.argv[2])
numbers = Numbers(sys.argv[3])
x = numbers.take(N, D)
norm, w_u, w_v, w_z = numbers.take(D), numbers.take(WIDE, D), numbers.take(WIDE, D), numbers.take(NARROW, D)
pairs = [(numbers.take(NARROW), numbers.take(NARROW)) for _ in range(4 if what == "flash" else 2)]
w_o, weight = numbers.take(D, WIDE), numbers.take(N, D)
assert numbers.rest.numel() == 0, "more numbers than this takes"
parameters = [x, norm, w_u, w_v, w_z, w_o, *(a for pair in pairs for a in pair)]
for a in parameters:
    a.requires_grad_()
causal = torch.ones(N, N, dtype=torch.bool).tril() if what == "quadratic" else torch.ones(CHUNK, CHUNK, dtype=torch.bool).tril()


def forward():
    given = norm * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)
    u, v, z = (F.silu(given @ w.T) for w in (w_u, w_v, w_z))
    q, k, *far = (z * gain + shift for gain, shift in pairs)
    if what == "quadratic":
        answered = (F.relu(q @ k.T / N).square() * causal) @ v
    else:
        q, k, far_q, far_k, values = (a.view(N // CHUNK, CHUNK, -1) for a in (q, k, *far, v))
        near = (F.relu(q @ k.transpose(1, 2) / CHUNK).square() * causal) @ values
        state = (far_k.transpose(1, 2) @ values).cumsum(0)
        state = torch.cat((torch.zeros_like(state[:1]), state[:-1]))
        answered = (near + far_q @ state / N).view(N, WIDE)
    return x + (u * answered) @ w_o.T


def step():
    return torch.autograd.grad(forward(), parameters, weight)[0].abs().mean()


answer(step)
