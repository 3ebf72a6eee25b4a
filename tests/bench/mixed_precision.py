"""Other people's conversions of floats, for bench.py:

    mixed_precision.py patterns|round FORMAT torch|numpy|ml_dtypes FILE

FILE holds the floats that mixed_precision.c has written. By hand, in four minutes: how many of all 2^32 floats ours and
theirs turn into the same pattern, for mixed_precision-all.tsv:

    make build/tests/bench/mixed_precision && build/newest/bin/python tests/bench/mixed_precision.py all
"""
import pathlib
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore", "Failed to initialize NumPy")
import numpy as np

from contestant import answer

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "build/tests/bench/mixed_precision"
LOOKED_AT = 12345
np.seterr(all="ignore")


def torch_step(what, name, x):
    import torch
    x, back = torch.from_numpy(x), torch.empty(len(x))
    narrow = torch.empty(len(x), dtype={"fp16": torch.float16, "bf16": torch.bfloat16}[name])

    def patterns():
        narrow.copy_(x)
        return int(narrow[LOOKED_AT].view(torch.int16)) & 0xffff

    def there_and_back():
        narrow.copy_(x)
        back.copy_(narrow)
        return back[LOOKED_AT]
    return patterns if what == "patterns" else there_and_back


def numpy_type(name):
    if name == "fp16":
        return np.float16
    import ml_dtypes
    return {"bf16": ml_dtypes.bfloat16, "E4M3": ml_dtypes.float8_e4m3fn, "E5M2": ml_dtypes.float8_e5m2}[name]


def numpy_step(what, name, x):
    dtype = numpy_type(name)

    def step():
        y = x.astype(dtype)[LOOKED_AT:LOOKED_AT + 1]
        return (y.view(np.uint16) if what == "patterns" else y.astype(np.float32))[0]
    return step


def agreement(name):
    """How many of all floats have the same pattern; of NaNs, but in fp16, only that it is one (PyTorch
    makes all of bf16 the same)."""
    import torch
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
                y = floats.astype(numpy_type(name))
                own = ours.astype(np.uint8).view(numpy_type(name))
                same += int(((y.view(np.uint8) == ours) | (np.isnan(y.astype(np.float32)) & np.isnan(own.astype(np.float32)))).sum())
    print(f"{name}: {same} of {1 << 32} floats agree", flush=True)
    return same


if sys.argv[1:] == ["all"]:
    lines = ["format\tagainst\tfloats\tsame\n"]
    for name, other in ("fp16", "PyTorch"), ("bf16", "PyTorch"), ("E4M3", "ml_dtypes"), ("E5M2", "ml_dtypes"):
        lines.append(f"{name}\t{other}\t{1 << 32}\t{agreement(name)}\n")
    (HERE / "mixed_precision-all.tsv").write_text("".join(lines))
else:
    what, name, package, path = sys.argv[1:]
    answer((torch_step if package == "torch" else numpy_step)(what, name, np.fromfile(path, dtype=np.float32)))
