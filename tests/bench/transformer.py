"""One training step of a decoder-only Transformer, ours beside PyTorch's, in turns in one run:

    make build/tests/bench/transformer
    /usr/bin/python3 tests/bench/transformer.py [threads] [build/tests/bench/transformer]

Two sizes: D 64, 4 heads, 2 layers, T 64, batch 16; D 128, 4 heads, 4 layers, T 128, batch 16. Forward, backward and
AdamW; pre-norm, GELU, tied embeddings. Times are of the wall clock; a ratio compares two steps that were taken one
directly after the other. The last line compares our own steps on one thread and on two.

OpenBLAS takes a processor that is newer than itself for one of 2004 and is then a third as fast, and
PyTorch leaves AVX-512 unused: both are told what the machine has, unless the environment names something
else. With a binary of ARCH=x86-64-v3 set OPENBLAS_CORETYPE=Haswell ATEN_CPU_CAPABILITY=avx2.
"""
import math
import os
import statistics
import subprocess
import sys
import time

THREADS = sys.argv[1] if len(sys.argv) > 1 else "1"
BINARY = sys.argv[2] if len(sys.argv) > 2 else "build/tests/bench/transformer"
flags = open("/proc/cpuinfo").read().split()
core, vectors = ("SkylakeX", "avx512") if "avx512vl" in flags else ("Haswell", "avx2")
if "avx2" in flags:
    os.environ.setdefault("OPENBLAS_CORETYPE", core)
    os.environ.setdefault("ATEN_CPU_CAPABILITY", vectors)
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = THREADS

import torch  # reads the environment as it is loaded
import torch.nn.functional as F

V, ROUNDS, WARM_UP = 64, 31, 3


class Ours:
    def __init__(self, sizes, threads):
        self.process = subprocess.Popen([BINARY, *map(str, sizes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, "OMP_NUM_THREADS": threads})

    def __call__(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


class Block(torch.nn.Module):
    def __init__(self, D, h, fused):
        super().__init__()
        self.h, self.fused = h, fused
        self.norm1, self.norm2 = torch.nn.LayerNorm(D), torch.nn.LayerNorm(D)
        self.qkv, self.out = torch.nn.Linear(D, 3 * D), torch.nn.Linear(D, D)
        self.w1, self.w2 = torch.nn.Linear(D, 4 * D), torch.nn.Linear(4 * D, D)

    def forward(self, x, mask):
        B, T, D = x.shape
        q, k, v = (a.view(B, T, self.h, -1).transpose(1, 2) for a in self.qkv(self.norm1(x)).split(D, 2))
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(2, 3)) * (1 / math.sqrt(D // self.h))
            y = F.softmax(scores.masked_fill(mask, -math.inf), -1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(B, T, D))
        return x + self.w2(F.gelu(self.w1(self.norm2(x))))


class Model(torch.nn.Module):
    def __init__(self, D, h, L, T, fused):
        super().__init__()
        self.embedding = torch.nn.Embedding(V, D)
        self.positions = torch.randn(T, D)
        self.blocks = torch.nn.ModuleList(Block(D, h, fused) for _ in range(L))
        self.norm = torch.nn.LayerNorm(D)
        self.mask = torch.ones(T, T, dtype=torch.bool).triu(1)

    def forward(self, ids):
        x = self.embedding(ids) * math.sqrt(self.positions.shape[1]) + self.positions
        for block in self.blocks:
            x = block(x, self.mask)
        return self.norm(x) @ self.embedding.weight.T


class Torch:
    def __init__(self, sizes, fused):
        D, h, L, T, B = sizes
        self.model = Model(D, h, L, T, fused)
        self.symbols = torch.randint(V, (B, T + 1))
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-3, weight_decay=0.01)

    def __call__(self):
        start = time.perf_counter()
        self.optimiser.zero_grad(set_to_none=True)
        logits = self.model(self.symbols[:, :-1])
        F.cross_entropy(logits.reshape(-1, V), self.symbols[:, 1:].reshape(-1)).backward()
        self.optimiser.step()
        return 1e3 * (time.perf_counter() - start)


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:8.2f}  ({low:.2f} to {high:.2f})"


def main():
    torch.manual_seed(1)
    torch.set_num_threads(int(THREADS))
    core, vectors = os.environ.get("OPENBLAS_CORETYPE"), os.environ.get("ATEN_CPU_CAPABILITY")
    print(f"PyTorch {torch.__version__}, {vectors}, OpenBLAS for {core}, {THREADS} threads; "
          f"median and quartiles of {ROUNDS} steps")
    for sizes in ((64, 4, 2, 64, 16), (128, 4, 4, 128, 16)):
        steps = {"ours": Ours(sizes, THREADS), "PyTorch": Torch(sizes, False)}
        if hasattr(F, "scaled_dot_product_attention"):
            steps["PyTorch, fused"] = Torch(sizes, True)
        if THREADS != "1":
            steps["ours, 1 thread"] = Ours(sizes, "1")
        times = {name: [] for name in steps}
        for turn in range(WARM_UP + ROUNDS):
            for name, step in steps.items():
                ms = step()
                if turn >= WARM_UP:
                    times[name].append(ms)
        print("D {}, {} heads, {} layers, T {}, batch {}".format(*sizes) + f"\n{'':18}  ms a step                   times ours")
        for name, values in times.items():
            ratio = [theirs / ours for theirs, ours in zip(values, times["ours"])]
            print(f"{name:18}{quartiles(values):28}{quartiles(ratio)}")


main()
