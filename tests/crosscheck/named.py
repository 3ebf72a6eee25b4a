"""Well-known mistakes written once more, in NumPy: the checker must name each by its id, and no other.

A chapter's file, mistakes/CHAPTER.py, has functions that compute a case from its inputs, written from the text's formulas
and not from the C code; each can be told to make one mistake. `mistake` notes a case, the ids that must be named (more
than one where two mistakes give the same numbers) and the function; `right` a function that makes none.
What the checker says goes through unread but for the known mistakes' sentences, which mistakes.tsv has by id.
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = []


def table(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def mistake(case, ids, function, only=None):
    """`only`: the tensors that are given, with blanks between; else all that the function computes."""
    ALL.append((case, set(ids.split()), function, only))


def right(case, function):
    ALL.append((case, set(), function, None))


def inputs(folder):
    """The inputs in float64, numbers as numbers; NaN nowhere."""
    given = {r["name"]: np.load(folder / r["file"]) for r in table(folder / "manifest.tsv") if r["role"] == "input"}
    return {n: a.item() if a.shape == () else a.astype(float) if a.dtype.kind == "f" else a for n, a in given.items()}


def said_of(folder, values):
    program = ROOT / os.environ.get("BUILD", "build") / "compare"
    with tempfile.TemporaryDirectory() as mine:
        for name, value in values.items():
            np.save(pathlib.Path(mine) / f"{name}.npy", value)
        return subprocess.run([program, folder, mine], capture_output=True, text=True)


def named(folder, said):
    """The ids of the mistakes whose sentence the checker says."""
    rows = table(folder / "mistakes.tsv") if (folder / "mistakes.tsv").exists() else []
    flat = " ".join(said.split())
    return {r["id"] for r in rows if " ".join(r["sentence"].split()) in flat}


def run(chapter):
    """CASES=FOLDER takes the cases from FOLDER instead of the chapter's reference."""
    root, bad, known, agree = pathlib.Path(os.environ.get("CASES", ROOT / "chapters" / chapter / "reference")), 0, set(), 0
    for case, ids, function, only in ALL:
        folder = root / case
        with np.errstate(all="ignore"):
            values = function(inputs(folder))
        published = {r["name"] for r in table(folder / "manifest.tsv")}
        assert set(values) <= published, (case, "computes what the case has not", set(values) - published)
        values = {n: v for n, v in values.items() if only is None or n in only.split()}
        said = said_of(folder, values)
        found = named(folder, said.stdout)
        if found != ids or said.returncode != (1 if ids else 0):
            bad += 1
            print(f"{chapter}/{case}: {sorted(ids) or 'right values'}: named {sorted(found)}:\n{said.stdout}{said.stderr}")
        elif ids:
            known |= ids
        else:
            agree += 1
    print(f"{chapter}: {len(known)} mistakes, written in NumPy, are named, {agree} right programs agree" if not bad
          else f"{chapter}: {bad} of {len(ALL)} are not what they should be")
    sys.exit(1 if bad else 0)
