"""Holds a chapter's published reference cases against an independent computation, from the .npy files alone.

A chapter's script defines one function a case, named like it; it gets the inputs in one precision as
PyTorch tensors and returns a dict of all steps, outputs and gradients. Each runs in float64, which must
agree with what is published. A case that publishes float32 runs in float32, too, and that error sets its
tolerance: max(1e-6, ten times the largest error against float64), rounded up to a power of ten; the checker,
build/compare, must then accept the float32 results. A case in float64 states its own tolerance. Integers must
be equal.
"""
import csv
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch


def manifest(folder):
    with open(folder / "manifest.tsv", newline="") as f:
        return [r for r in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE) if r["role"] != "mistake"]


def load(folder, rows, dtype):
    """The inputs, by name; float ones want a gradient."""
    given = {}
    for row in rows:
        if row["role"] == "input":
            a = torch.from_numpy(np.load(folder / row["file"]))
            given[row["name"]] = a.to(dtype).requires_grad_() if a.is_floating_point() else a.long()
    return given


def as_float64(a):
    return (a.detach().numpy() if isinstance(a, torch.Tensor) else np.asarray(a)).astype(np.float64)


def error(mine, theirs):
    """The largest difference, as a fraction of the largest finite value or of 1: what a tolerance bounds.
    Equal infinities and NaNs agree."""
    different = ~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))
    finite = np.abs(theirs[np.isfinite(theirs)])
    gap = np.abs(mine[different] - theirs[different])
    return float(np.nan_to_num(gap, nan=np.inf).max() / max(finite.max(initial=0), 1)) if gap.size else 0.0


def accepted(folder, values):
    """Whether the checker agrees with these values, saved as a reader would save them."""
    compare = pathlib.Path(os.environ.get("BUILD", "build")) / "compare"
    with tempfile.TemporaryDirectory() as mine:
        for name, value in values.items():
            np.save(pathlib.Path(mine) / f"{name}.npy", value.detach().numpy() if isinstance(value, torch.Tensor) else value)
        said = subprocess.run([compare, folder, mine], capture_output=True, text=True)
    if said.returncode:
        print(said.stdout + said.stderr, end="")
    return said.returncode == 0


def run(chapter, functions):
    root = pathlib.Path(__file__).resolve().parents[2] / "chapters" / chapter / "reference"
    bad = 0
    print("case\ttensor\terror\tfloat32_error\ttolerance")
    for folder in sorted(p.parent for p in root.glob("*/manifest.tsv")):
        if folder.name not in functions:
            sys.exit(f"{folder}: the case has no cross-check")
        rows = manifest(folder)
        results = [r for r in rows if r["role"] != "input"]
        published = {r["name"]: np.load(folder / r["file"]) for r in results}
        in_float32 = any(a.dtype == np.float32 for a in published.values())
        exact = functions[folder.name](load(folder, rows, torch.float64))
        single = functions[folder.name](load(folder, rows, torch.float32)) if in_float32 else exact
        needed, case_tolerance = 1e-6, max(float(r["tolerance"]) for r in results)
        for row in results:
            name, tolerance = row["name"], float(row["tolerance"])
            right, rounded = as_float64(exact[name]), as_float64(single[name])
            assert published[name].shape == right.shape, (folder.name, name, published[name].shape, right.shape)
            ours, theirs = error(as_float64(published[name]), right), error(rounded, right)
            needed = max(needed, 10 * theirs)
            assert tolerance in (0, case_tolerance), f"{folder}: tolerances differ within the case"
            wrong = not ours <= tolerance
            bad += wrong
            print(f"{folder.name}\t{name}\t{ours:.2e}\t{theirs:.2e}\t{tolerance:g}" + "\t<- deviates" * wrong)
        needed = 10 ** math.ceil(math.log10(needed) - 1e-9)
        if in_float32 and not accepted(folder, {n: single[n] for n in published}):
            bad += 1
            print(f"{folder.name}: the checker refuses PyTorch's float32 results")
        if in_float32 and not math.isclose(needed, case_tolerance):
            bad += 1
            print(f"{folder.name}: its tolerance is {case_tolerance:g} and should be {needed:g}")
    sys.exit(f"{bad} deviations" if bad else 0)
