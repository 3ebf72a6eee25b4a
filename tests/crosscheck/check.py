"""Holds a chapter's published reference cases against an independent computation, from the case's folder alone.

A chapter's script defines one function a case, named like it; it gets the inputs in one precision as PyTorch tensors
(and the case's conventions as given.conventions) and returns a dict of all steps, outputs and gradients. Each runs in
float64: every value that counts, which is every one of ours that is not NaN, must agree within its tensor's
tolerance. A case that publishes float32 runs in float32, too, and the checker, build/compare, must accept that.
Integers must be equal.

CASES=FOLDER takes the cases from FOLDER instead of the chapter's reference; SHOW=1 prints every tensor's errors.
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def table(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


class Given(dict):
    """The inputs of a case by name; float ones want a gradient."""

    def __init__(self, folder, dtype):
        about = table(folder / "case.tsv")
        assert {"key": "format", "value": "2"} in about, f"{folder}: not of format 2"
        self.conventions = [row["value"] for row in about if row["key"] == "convention"]
        for row in table(folder / "manifest.tsv"):
            if row["role"] == "input":
                a = torch.from_numpy(np.load(folder / row["file"]))
                self[row["name"]] = a.to(dtype).requires_grad_() if a.is_floating_point() else a.long()

    def says(self, words):
        """Whether a convention has these words."""
        return any(words in convention for convention in self.conventions)


def as_array(a):
    return a.detach().numpy() if isinstance(a, torch.Tensor) else np.asarray(a)


def error(mine, ours):
    """The largest difference of values that count. Equal infinities agree."""
    mine, ours = as_array(mine).astype(np.float64), ours.astype(np.float64)
    different = ~((mine == ours) | np.isnan(ours))
    gap = np.abs(mine[different] - ours[different])
    return float(np.nan_to_num(gap, nan=np.inf).max()) if gap.size else 0.0


def largest(a):
    finite = np.abs(a[np.isfinite(a)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def compare(folder, values):
    """What the checker says of these values, saved as a reader would save them."""
    program = ROOT / os.environ.get("BUILD", "build") / "compare"
    with tempfile.TemporaryDirectory() as mine:
        for name, value in values.items():
            np.save(pathlib.Path(mine) / f"{name}.npy", as_array(value))
        return subprocess.run([program, folder, mine], capture_output=True, text=True)


def record(name, *row):
    """Appends a row to a table that is being made, in the folder that the environment names."""
    if "ERRORS" in os.environ:
        with open(f"{os.environ['ERRORS']}/{name}.part", "a") as f:
            f.write("\t".join(str(cell) for cell in row) + "\n")


def hold(chapter, folder, function, against):
    """Holds one case; the largest error, that of float32 and the largest tolerance as parts of a tensor's largest
    value, the largest error in tolerances, the numbers of tensors and of deviations."""
    results = [r for r in table(folder / "manifest.tsv") if r["role"] != "input"]
    ours = {r["name"]: np.load(folder / r["file"]) for r in results}
    single = any(a.dtype == np.float32 for a in ours.values())
    exact = function(Given(folder, torch.float64))
    rounded = function(Given(folder, torch.float32)) if single else exact
    worst = theirs = widest = part = bad = 0
    for row in results:
        name, tolerance = row["name"], float(row["tolerance"])
        a, size = ours[name], largest(ours[name])
        assert a.shape == as_array(exact[name]).shape, (folder.name, name, a.shape, as_array(exact[name]).shape)
        counts = np.where(np.isnan(a), np.nan, as_array(exact[name]))
        own, float32 = error(exact[name], a), error(rounded[name], counts)
        worst, theirs, widest = max(worst, own / size), max(theirs, float32 / size), max(widest, tolerance / size)
        part = max(part, own / tolerance if tolerance else 0)
        if "SHOW" in os.environ:
            print(f"{folder.name:24} {name:20} ours {own / size:8.1e}  float32 {float32 / size:8.1e}  "
                  f"tolerance {tolerance / size:8.1e}  largest {size:.3g}")
        if not own <= tolerance:
            bad += 1
            print(f"{chapter}/{folder.name}: {name} is {own:.2e} from {against}, its tolerance {tolerance:g}")
    extra = set(exact) - set(ours)
    assert not extra, (folder.name, "computes what the case has not", extra)
    if single:
        said = compare(folder, {n: rounded[n] for n in ours})
        if said.returncode:
            bad += 1
            print(f"{chapter}/{folder.name}: the checker refuses PyTorch's float32 results\n{said.stdout}{said.stderr}")
    record("errors", f"{chapter}/{folder.name}", len(results), f"{worst:.1e}", f"{theirs:.1e}" if single else "-", f"{widest:.1g}")
    return worst, part, len(results), bad


def run(chapter, against, functions):
    torch.set_num_threads(1)
    root = pathlib.Path(os.environ.get("CASES", ROOT / "chapters" / chapter / "reference"))
    folders = sorted(p.parent for p in root.glob("*/manifest.tsv"))
    names = {f.name for f in folders}
    if names != set(functions):
        sys.exit(f"{root}: cases without a cross-check, or the reverse: {sorted(names ^ set(functions))}")
    held = [hold(chapter, f, functions[f.name], against) for f in folders]
    worst, part = max(h[0] for h in held), max(h[1] for h in held)
    tensors, bad = sum(h[2] for h in held), sum(h[3] for h in held)
    record("chapters", chapter, len(folders), tensors, f"{worst:.1e}", f"{part:.2g}", against)
    print(f"{chapter}: {len(folders)} cases, {tensors} tensors agree with {against}; largest error {part:.2g} of its tolerance"
          if not bad else f"{chapter}: {bad} deviations")
    sys.exit(1 if bad else 0)
