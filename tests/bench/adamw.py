"""PyTorch's AdamW on the numbers that adamw.c has written, for bench.py: adamw.py fused|foreach|loop FILE."""
import sys
import warnings

warnings.filterwarnings("ignore", "Failed to initialize NumPy")
import torch

from contestant import answer
from steps import Numbers

SIZE, LOOKED_AT = 1 << 22, 12345
numbers = Numbers(sys.argv[2])
w = torch.nn.Parameter(numbers.take(SIZE).clone())
w.grad = numbers.take(SIZE).clone()
how = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False, "fused": False}}[sys.argv[1]]
optimiser = torch.optim.AdamW([w], lr=1e-3, weight_decay=0.01, **how)


def step():
    optimiser.step()
    return w.data[LOOKED_AT]


answer(step)
