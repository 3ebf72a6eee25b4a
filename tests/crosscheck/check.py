"""Holds a chapter's published reference cases against an independent computation, from the .npy files alone.

A chapter's script defines one function a case, named like it; it gets the inputs in one precision as
PyTorch tensors and returns a dict of all steps, outputs and gradients. Each runs in float64, which must
agree with what is published, and in float32, whose error sets the case's tolerance: max(1e-6, ten times
PyTorch float32's largest error against float64), rounded up to a power of ten.
"""
import csv
import math
import pathlib
import sys

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


def error(mine, theirs):
    """The largest difference, as a fraction of the largest value or of 1: what a tolerance bounds."""
    return float(np.abs(mine - theirs).max() / max(np.abs(theirs).max(), 1)) if mine.size else 0.0


def run(chapter, functions):
    root = pathlib.Path(__file__).resolve().parents[2] / "chapters" / chapter / "reference"
    bad = 0
    print("case\ttensor\terror\tfloat32_error\ttolerance")
    for folder in sorted(p.parent for p in root.glob("*/manifest.tsv")):
        if folder.name not in functions:
            sys.exit(f"{folder}: the case has no cross-check")
        rows = manifest(folder)
        exact = functions[folder.name](load(folder, rows, torch.float64))
        single = functions[folder.name](load(folder, rows, torch.float32))
        needed = 1e-6
        for row in rows:
            if row["role"] == "input":
                continue
            published = np.load(folder / row["file"]).astype(np.float64)
            right = exact[row["name"]].detach().numpy()
            rounded = single[row["name"]].detach().numpy().astype(np.float64)
            assert published.shape == right.shape, (folder.name, row["name"], published.shape, right.shape)
            needed = max(needed, 10 * error(rounded, right))
            ours, tolerance = error(published, right), float(row["tolerance"])
            assert tolerance == float(rows[-1]["tolerance"]), f"{folder}: tolerances differ within the case"
            wrong = ours > tolerance
            bad += wrong
            print(f"{folder.name}\t{row['name']}\t{ours:.2e}\t{error(rounded, right):.2e}\t{tolerance:g}"
                  + "\t<- deviates" * wrong)
        needed = 10 ** math.ceil(math.log10(needed) - 1e-9)
        if not math.isclose(needed, tolerance):
            bad += 1
            print(f"{folder.name}: its tolerance is {tolerance:g} and should be {needed:g}")
    sys.exit(f"{bad} deviations" if bad else 0)
