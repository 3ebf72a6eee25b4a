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


def record(table, *row):
    """Appends a row to a table that is being made, in the folder that the environment names."""
    if "ERRORS" in os.environ:
        with open(f"{os.environ['ERRORS']}/{table}.part", "a") as f:
            f.write("\t".join(str(cell) for cell in row) + "\n")


def run(chapter, against, functions):
    root = pathlib.Path(__file__).resolve().parents[2] / "chapters" / chapter / "reference"
    folders = sorted(p.parent for p in root.glob("*/manifest.tsv"))
    bad, largest, relative, tensors = 0, 0, 0, 0
    for folder in folders:
        if folder.name not in functions:
            sys.exit(f"{folder}: the case has no cross-check")
        manifest_rows = manifest(folder)
        results = [r for r in manifest_rows if r["role"] != "input"]
        published = {r["name"]: np.load(folder / r["file"]) for r in results}
        in_float32 = any(a.dtype == np.float32 for a in published.values())
        exact = functions[folder.name](load(folder, manifest_rows, torch.float64))
        single = functions[folder.name](load(folder, manifest_rows, torch.float32)) if in_float32 else exact
        worst, theirs, tolerance = 0, 0, max(float(r["tolerance"]) for r in results)
        for row in results:
            name, own = row["name"], float(row["tolerance"])
            right, rounded = as_float64(exact[name]), as_float64(single[name])
            assert published[name].shape == right.shape, (folder.name, name, published[name].shape, right.shape)
            assert own in (0, tolerance), f"{folder}: tolerances differ within the case"
            ours = error(as_float64(published[name]), right)
            worst, theirs = max(worst, ours), max(theirs, error(rounded, right))
            if not ours <= own:
                bad += 1
                print(f"{chapter}/{folder.name}: {name} is {ours:.2e} from {against}, its tolerance {own:g}")
        needed = 10 ** math.ceil(math.log10(max(1e-6, 10 * theirs)) - 1e-9)
        if in_float32 and not accepted(folder, {n: single[n] for n in published}):
            bad += 1
            print(f"{chapter}/{folder.name}: the checker refuses PyTorch's float32 results")
        if in_float32 and not math.isclose(needed, tolerance):
            bad += 1
            print(f"{chapter}/{folder.name}: its tolerance is {tolerance:g} and should be {needed:g}")
        record("errors", f"{chapter}/{folder.name}", len(results), f"{worst:.1e}", f"{theirs:.1e}" if in_float32 else "-", f"{tolerance:g}")
        tensors += len(results)
        largest = max(largest, worst)
        relative = max(relative, worst / tolerance if tolerance else 0)
    record("chapters", chapter, len(folders), tensors, f"{largest:.1e}", f"{relative:.2g}", against)
    print(f"{chapter}: {len(folders)} cases, {tensors} tensors agree with {against}; largest error {relative:.2g} of its tolerance"
          if not bad else f"{chapter}: {bad} deviations")
    sys.exit(1 if bad else 0)
