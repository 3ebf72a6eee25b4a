"""Chapter activations' functions beside PyTorch's, in turns in one run, one thread each:

    make build/tests/bench/activations && PYTHON tests/bench/activations.py

A million floats, forward and backward (into a new gradient); seconds are the processor's, so that what else runs counts
little; medians of the turns go to activations.tsv. Both must give the same gradients. PyTorch's times include its
graph, which is small beside a million values.
"""
import pathlib
import platform
import re
import statistics
import subprocess
import tempfile
import time

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
N, TURNS, ROUNDS = 1_000_000, 21, 4

THEIRS = {
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "relu": F.relu,
    "swiglu": None,
    "gelu": F.gelu,
    "elu": F.elu,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "mish": F.mish,
}


def theirs(name, x, v, dy):
    start = time.process_time()
    for _ in range(ROUNDS):
        x.grad = v.grad = None
        y = F.silu(x) * v if name == "swiglu" else THEIRS[name](x)
        y.backward(dy)
    return 1e9 * (time.process_time() - start) / ROUNDS / N, x.grad.abs().double().sum().item()


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    x, dy, v = (torch.randn(N) * s for s in (2, 1, 1))
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(cpu[1] if cpu else platform.machine(), "PyTorch", torch.__version__)
    with tempfile.NamedTemporaryFile() as file:
        for a in (x, dy, v):
            file.write(a.numpy().tobytes())
        file.flush()
        ours = subprocess.Popen([BUILD / "tests/bench/activations", file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        x.requires_grad_()
        v.requires_grad_()
        times = {name: ([], [], []) for name in THEIRS}
        for turn in range(TURNS):
            for name in THEIRS:
                ours.stdin.write(name + "\n")
                ours.stdin.flush()
                mine, mine_sum = map(float, ours.stdout.readline().split())
                other, other_sum = theirs(name, x, v, dy)
                assert abs(mine_sum / other_sum - 1) < 1e-5, (name, mine_sum, other_sum)
                if turn:
                    for row, value in zip(times[name], (mine, other, other / mine)):
                        row.append(value)
        ours.stdin.close()
    with open(HERE / "activations.tsv", "w") as f:
        f.write("function\tours_ns\tpytorch_ns\tratio\n")
        for name, rows in times.items():
            row = [f"{statistics.median(r):.3g}" for r in rows]
            f.write("\t".join([name, *row]) + "\n")
            print(f"{name:10} ours {row[0]:>6} ns   PyTorch {row[1]:>6} ns   {row[2]:>6} times ours")


if __name__ == "__main__":
    main()
