"""Causal linear attention, forward and backward, ours beside PyTorch's parallel form and a loop over time, in turns in
one run:

    make build/tests/bench/linear_attention
    /usr/bin/python3 tests/bench/linear_attention.py [threads] [build/tests/bench/linear_attention]

elu + 1, B 8, 4 heads, T 256, d 32. The inputs of PyTorch stand as it likes them best, (B, h, T, d) and contiguous; ours
are (B, T, h, d). Times are of the wall clock; a ratio compares two steps that were taken one directly after the other.

OpenBLAS takes a processor that is newer than itself for one of 2004 and is then a third as fast, and
PyTorch leaves AVX-512 unused: both are told what the machine has, unless the environment names something
else. With a binary of ARCH=x86-64-v3 set OPENBLAS_CORETYPE=Haswell ATEN_CPU_CAPABILITY=avx2.
"""
import os
import statistics
import subprocess
import sys
import time

THREADS = sys.argv[1] if len(sys.argv) > 1 else "1"
BINARY = sys.argv[2] if len(sys.argv) > 2 else "build/tests/bench/linear_attention"
flags = open("/proc/cpuinfo").read().split()
core, vectors = ("SkylakeX", "avx512") if "avx512vl" in flags else ("Haswell", "avx2")
if "avx2" in flags:
    os.environ.setdefault("OPENBLAS_CORETYPE", core)
    os.environ.setdefault("ATEN_CPU_CAPABILITY", vectors)
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = THREADS

import torch  # reads the environment as it is loaded
import torch.nn.functional as F

B, H, T, D, ROUNDS, WARM_UP = 8, 4, 256, 32, 31, 3


class Ours:
    def __init__(self):
        self.process = subprocess.Popen([BINARY, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def phi(x):
    return F.elu(x) + 1


def parallel(q, k, v):
    weights = (phi(q) @ phi(k).transpose(-1, -2)).tril()
    return (weights @ v) / weights.sum(-1, keepdim=True)


def loop(q, k, v):
    q, k = phi(q), phi(k)
    S, z, out = q.new_zeros(B, H, D, D), q.new_zeros(B, H, D), []
    for a, b, c in zip(q.unbind(2), k.unbind(2), v.unbind(2)):
        S = S + b[..., None] * c[..., None, :]
        z = z + b
        out.append((a[..., None, :] @ S)[..., 0, :] / (a * z).sum(-1, keepdim=True))
    return torch.stack(out, 2)


class Torch:
    def __init__(self, f):
        self.f = f
        self.x = [torch.randn(B, H, T, D, requires_grad=True) for _ in range(3)]
        self.weight = torch.randn(B, H, T, D)

    def __call__(self):
        for x in self.x:
            x.grad = None
        start = time.perf_counter()
        self.f(*self.x).backward(self.weight)
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
    x = [torch.randn(B, H, T, D, dtype=torch.float64) for _ in range(3)]
    assert (parallel(*x) - loop(*x)).abs().max() < 1e-12
    steps = {"ours": Ours(), "PyTorch, parallel": Torch(parallel), "PyTorch, loop": Torch(loop)}
    times = {name: [] for name in steps}
    for turn in range(WARM_UP + ROUNDS):
        for name, step in steps.items():
            ms = step()
            if turn >= WARM_UP:
                times[name].append(ms)
    print(f"{'':18}  ms a step                   times ours")
    for name, values in times.items():
        ratio = [theirs / ours for theirs, ours in zip(values, times["ours"])]
        print(f"{name:18}{quartiles(values):28}{quartiles(ratio)}")


main()
