"""One training step of an LSTM layer, ours beside PyTorch's, in turns in one run:

    make build/tests/bench/tape
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 /usr/bin/python3 tests/bench/lstm.py [build/tests/bench/tape]

100 steps of time, 32 sequences, 128 inputs, 128 hidden units: forward, backward and AdamW, on one thread.
Times are of the processor; a ratio compares two steps that were taken one directly after the other.

OpenBLAS takes a processor that is newer than itself for one of 2004 and is then a third as fast, and
PyTorch leaves AVX-512 unused: both are told what the machine has, unless the environment names something
else. With a binary of ARCH=x86-64-v3 set OPENBLAS_CORETYPE=Haswell ATEN_CPU_CAPABILITY=avx2.
"""
import os
import statistics
import subprocess
import sys
import time

flags = open("/proc/cpuinfo").read().split()
core, vectors = ("SkylakeX", "avx512") if "avx512vl" in flags else ("Haswell", "avx2")
if "avx2" in flags:
    os.environ.setdefault("OPENBLAS_CORETYPE", core)
    os.environ.setdefault("ATEN_CPU_CAPABILITY", vectors)

import torch  # reads the environment as it is loaded

T, B, I, H = 100, 32, 128, 128
ROUNDS, WARM_UP = 31, 3


class Ours:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary, "steps"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


class Fused(torch.nn.Module):
    """torch.nn.LSTM: all steps in one call."""

    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(I, H)

    def forward(self, x):
        return self.lstm(x)[0]


class Cells(torch.nn.Module):
    """A loop over torch.nn.LSTMCell."""

    def __init__(self):
        super().__init__()
        self.cell = torch.nn.LSTMCell(I, H)

    def forward(self, x):
        h, c = x.new_zeros(B, H), x.new_zeros(B, H)
        all_h = []
        for x_t in x:
            h, c = self.cell(x_t, (h, c))
            all_h.append(h)
        return torch.stack(all_h)


class Torch:
    def __init__(self, module):
        self.module, self.x, self.weight = module, torch.randn(T, B, I), torch.randn(T, B, H)
        self.optimiser = torch.optim.AdamW(module.parameters(), lr=1e-3, weight_decay=0.01)

    def __call__(self):
        start = time.process_time()
        self.optimiser.zero_grad(set_to_none=True)
        (self.module(self.x) * self.weight).mean().backward()
        self.optimiser.step()
        return 1e3 * (time.process_time() - start)


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:8.2f}  ({low:.2f} to {high:.2f})"


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    binary = sys.argv[1] if len(sys.argv) > 1 else "build/tests/bench/tape"
    all_steps = {"ours": Ours(binary), "torch.nn.LSTM": Torch(Fused()), "torch.nn.LSTMCell": Torch(Cells())}
    times = {name: [] for name in all_steps}
    for turn in range(WARM_UP + ROUNDS):
        for name, step in all_steps.items():
            ms = step()
            if turn >= WARM_UP:
                times[name].append(ms)
    core, vectors = os.environ.get("OPENBLAS_CORETYPE"), os.environ.get("ATEN_CPU_CAPABILITY")
    print(f"PyTorch {torch.__version__}, {vectors}, OpenBLAS for {core}; median and quartiles of {ROUNDS} steps")
    print(f"{'':18}  ms a step                   times ours")
    for name, values in times.items():
        ratio = [theirs / ours for theirs, ours in zip(values, times["ours"])]
        print(f"{name:18}{quartiles(values):28}{quartiles(ratio)}")


main()
