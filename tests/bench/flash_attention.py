"""PyTorch's counterparts of flash_attention.c for bench.py: flash_attention.py forward|both|step N CAUSAL flash|math FILE.
FILE holds the inputs that flash_attention.c has written."""
import sys
import warnings

warnings.filterwarnings("ignore", "Failed to initialize NumPy")
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from contestant import answer
from steps import Numbers, Transformer

HEADS, WIDTH, D, TOKENS = 2, 64, 128, 2048
what, N, causal, how = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1", sys.argv[4]
numbers = Numbers(sys.argv[5])


def attention():
    q, k, v, weight = (numbers.take(1, N, HEADS, WIDTH).transpose(1, 2) for _ in range(4))
    both = what == "both"
    q, k, v = (x.requires_grad_(both) for x in (q, k, v))

    def step():
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION if how == "flash" else SDPBackend.MATH), torch.set_grad_enabled(both):
            out = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        if not both:
            return out[0, 0, 0, 0]
        return torch.autograd.grad(out, (q, k, v), weight)[0].abs().mean()

    return step


def training():
    model = Transformer(numbers, D, how == "flash", N, TOKENS // N)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = model.loss()
        loss.backward()
        optimiser.step()
        return loss.detach()

    return step


step = training() if what == "step" else attention()
assert numbers.rest.numel() == 0, "more numbers than this takes"
answer(step)
