"""Conversions of floats, ours beside PyTorch's, NumPy's and ml_dtypes', one thread: mixed_precision.tsv, and how many of all
2^32 floats they turn into the same pattern. It needs torch, numpy and ml_dtypes (build/newest/bin/python), and about five
minutes:

    make build/tests/bench/mixed_precision && build/newest/bin/python tests/bench/mixed_precision.py
"""
import pathlib
import statistics
import subprocess
import sys
import time

import ml_dtypes
import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "build/tests/bench/mixed_precision"
N, TURNS, STEPS = 1 << 22, 15, 10
torch.set_num_threads(1)
np.seterr(all="ignore")

x = np.random.default_rng(1).normal(size=N).astype(np.float32)
t = torch.from_numpy(x)
DTYPES = {"fp16": np.float16, "bf16": ml_dtypes.bfloat16, "E4M3": ml_dtypes.float8_e4m3fn, "E5M2": ml_dtypes.float8_e5m2}
half, bfloat = torch.empty(N, dtype=torch.float16), torch.empty(N, dtype=torch.bfloat16)
single = torch.empty(N)


def back(dtype, between):
    def step():
        between.copy_(t)
        single.copy_(between)
    return step


PAIRS = [("patterns", "fp16", f"PyTorch {torch.__version__.split('+')[0]}", lambda: half.copy_(t)),
         ("patterns", "fp16", f"NumPy {np.__version__}", lambda: x.astype(np.float16)),
         ("patterns", "bf16", f"PyTorch {torch.__version__.split('+')[0]}", lambda: bfloat.copy_(t)),
         ("patterns", "bf16", f"ml_dtypes {ml_dtypes.__version__}", lambda: x.astype(ml_dtypes.bfloat16)),
         ("round", "fp16", f"PyTorch {torch.__version__.split('+')[0]}, there and back", back("fp16", half)),
         ("round", "bf16", f"PyTorch {torch.__version__.split('+')[0]}, there and back", back("bf16", bfloat)),
         ("round", "E4M3", f"ml_dtypes {ml_dtypes.__version__}, there alone", lambda: x.astype(ml_dtypes.float8_e4m3fn))]


def theirs_ns(step):
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - start) / STEPS / N * 1e9


def measure():
    rows = []
    for what, name, other, step in PAIRS:
        with subprocess.Popen([PROGRAM, what, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
            ours, theirs = [], []
            for turn in range(TURNS + 1):
                print(STEPS, file=p.stdin, flush=True)
                own = float(p.stdout.readline().split()[0]) * 1e6 / N
                their = theirs_ns(step)
                if turn:  # the first warms up
                    ours.append(own), theirs.append(their)
            p.stdin.close()
        ratio = statistics.median(b / a for a, b in zip(ours, theirs))
        rows.append((f"{what}/{name}/{other.split()[0]}", f"{'to patterns of' if what == 'patterns' else 'rounded to'} {name}", other,
                     f"{statistics.median(ours):.2f}", f"{statistics.median(theirs):.2f}", f"{ratio:.2f}"))
        print(*rows[-1], sep="\t", flush=True)
    return rows


def agreement(name):
    """How many of all floats have the same pattern; of NaNs, but in fp16, only that it is one (PyTorch
    makes all of bf16 the same)."""
    same, part, torch_types = 0, 1 << 20, {"fp16": torch.float16, "bf16": torch.bfloat16}
    with subprocess.Popen([PROGRAM, "all", name], stdout=subprocess.PIPE) as p:
        for first in range(0, 1 << 32, part):
            ours = np.frombuffer(p.stdout.read(2 * part), dtype=np.uint16)
            floats = np.arange(first, first + part, dtype=np.uint32).view(np.float32)
            if name in torch_types:
                theirs = torch.from_numpy(floats).to(torch_types[name]).view(torch.int16).numpy().view(np.uint16)
                both_nan = np.isnan(floats) & (ours & 0x7fff > (0x7c00 if name == "fp16" else 0x7f80))
                same += int(((ours == theirs) | both_nan & (name == "bf16")).sum())
            else:
                y = floats.astype(DTYPES[name])
                own = ours.astype(np.uint8).view(DTYPES[name])
                same += int(((y.view(np.uint8) == ours) | (np.isnan(y.astype(np.float32)) & np.isnan(own.astype(np.float32)))).sum())
    print(f"{name}: {same} of {1 << 32} floats agree", flush=True)
    return same


if "--all" not in sys.argv:
    with open(HERE / "mixed_precision.tsv", "w") as f:
        print("id\tconversion\tagainst\tours_ns\ttheirs_ns\tratio", file=f)
        for row in measure():
            print(*row, sep="\t", file=f)
with open(HERE / "mixed_precision-all.tsv", "w") as f:
    print("format\tagainst\tfloats\tsame", file=f)
    for name in DTYPES:
        print(name, "PyTorch" if name in ("fp16", "bf16") else "ml_dtypes", 1 << 32, agreement(name), sep="\t", file=f, flush=True)
