"""Well-known mistakes written once more, in NumPy: the checker must name each with its sentence.

Nothing here looks at the C code. Each function makes one mistake on the published inputs of a case and gives the
tensors in which it shows; `expect` is a part of the sentence that the checker has to say, and it may say no other
sentence unless that is in `also`.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = []


def mistake(chapter, case, expect, also=()):
    def note(function):
        ALL.append((chapter, case, expect, also, function))
        return function
    return note


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# ---- Chapter rnn ----

def lstm(g, order="ifgo", second_bias=True, squash=np.tanh):
    h, c, kept = g["h0"], g["c0"], {n: [] for n in "ifgoh"}
    for x in g["x"]:
        a = x @ g["w_ih"].T + g["b_ih"] + h @ g["w_hh"].T + (g["b_hh"] if second_bias else 0)
        blocks = dict(zip(order, np.split(a, 4, -1)))
        i, f, o = (sigmoid(blocks[n]) for n in "ifo")
        n = np.tanh(blocks["g"])
        c = f * c + i * n
        h = o * squash(c)
        for name, value in zip("ifgoh", (i, f, n, o, h)):
            kept[name].append(value)
    return {name: np.stack(v) for name, v in kept.items()}


mistake("rnn", "lstm", "Gate order i, f, o, g")(lambda g: lstm(g, "ifog"))
mistake("rnn", "lstm", "Gate order i, g, f, o")(lambda g: lstm(g, "igfo"))
mistake("rnn", "lstm", "The second bias b_hh is left out")(lambda g: lstm(g, second_bias=False))
mistake("rnn", "lstm", "The tanh on the way out is left out")(lambda g: lstm(g, squash=lambda c: c))


@mistake("rnn", "rnn_tanh", "The second bias b_hh is left out")
def _(g):
    h, kept = g["h0"], []
    for x in g["x"]:
        h = np.tanh(x @ g["w_ih"].T + g["b_ih"] + h @ g["w_hh"].T)
        kept.append(h)
    return {"h": np.stack(kept)}


def gru(g, reset="after", keep="z", bias_inside=True):
    h, kept = g["h0"], {"r": [], "z": [], "n": [], "h": []}
    w, b = np.split(g["w_hh"], 3), np.split(g["b_hh"], 3)
    for x in g["x"]:
        a = np.split(x @ g["w_ih"].T + g["b_ih"], 3, -1)
        r, z = (sigmoid(a[k] + h @ w[k].T + b[k]) for k in (0, 1))
        if reset == "before":
            past = (r * h) @ w[2].T + b[2]
        else:
            past = r * (h @ w[2].T + b[2]) if bias_inside else r * (h @ w[2].T) + b[2]
        n = np.tanh(a[2] + past)
        h = (1 - z) * n + z * h if keep == "z" else z * n + (1 - z) * h
        for name, value in zip("rznh", (r, z, n, h)):
            kept[name].append(value)
    return {name: np.stack(v) for name, v in kept.items()}


mistake("rnn", "gru_reset_after", "The reset gate stands before the product")(lambda g: gru(g, "before"))
mistake("rnn", "gru_reset_after", "The bias b_hn stands outside the reset")(lambda g: gru(g, bias_inside=False))
mistake("rnn", "gru_reset_after", "z is swapped")(lambda g: gru(g, keep="n"))
mistake("rnn", "gru_reset_before", "The reset gate stands after the product")(lambda g: gru(g))
mistake("rnn", "gru_swapped", "z is swapped")(lambda g: gru(g))


def language_model(g, later=True, slope=lambda h: 1 - h * h, steps="all", state=0):
    u, w, v, b, c = (g[n] for n in "uwvbc")
    h = [g["h0"]]
    for x in g["x"]:
        h.append(np.tanh(u[:, x] + w @ h[-1] + b))
    T, from_later = len(g["x"]), np.zeros_like(b)
    delta, dw = np.zeros((T, len(b))), np.zeros_like(w)
    for t in reversed(range(T)):
        do = softmax(v @ h[t + 1] + c)
        do[g["y"][t]] -= 1
        delta[t] = v.T @ do + (from_later if later else 0)
        da = slope(h[t + 1]) * delta[t]
        dw += np.outer(da, h[t + state]) * (steps == "all" or t == T - 1)
        from_later = w.T @ da
    return {"delta": delta, "dw": dw}


mistake("rnn", "rnn_language_model", "The gradient of h comes through the output only")(
    lambda g: language_model(g, later=False))
mistake("rnn", "rnn_language_model", "The slope of tanh is taken of an h")(
    lambda g: language_model(g, slope=lambda h: 1 - np.tanh(h) ** 2))
mistake("rnn", "rnn_language_model", "dW has the last step only")(
    lambda g: {"dw": language_model(g, steps="last")["dw"]})
mistake("rnn", "rnn_language_model", "dW takes h of the wrong step")(
    lambda g: {"dw": language_model(g, state=1)["dw"]})


@mistake("rnn", "clip_global_norm", "Each tensor is scaled by its own norm")
def _(g):
    joint = np.sqrt(sum((g[f"g{k}"] ** 2).sum() for k in (1, 2, 3)))
    return {f"joint{k}": g[f"g{k}"] * (g["theta"] / np.sqrt((g[f"g{k}"] ** 2).sum()) if joint > g["theta"] else 1)
            for k in (1, 2, 3)}


@mistake("rnn", "bptt_truncated", "The state is not reset between sequences")
def _(g):
    h, kept = np.zeros_like(g["loss_weight"][0, 0]), []
    for x in g["x"].reshape(-1, *g["x"].shape[2:]):
        h = np.tanh(x @ g["w_ih"].T + g["b_ih"] + h @ g["w_hh"].T + g["b_hh"])
        kept.append(h)
    return {"h": np.stack(kept).reshape(g["loss_weight"].shape)}


# ---- ----

def inputs(folder):
    rows = [line.split("\t") for line in (folder / "manifest.tsv").read_text().splitlines()[1:]]
    given = {r[1]: np.load(folder / r[3]) for r in rows if r[0] == "input"}
    return {n: a.astype(float) if a.dtype.kind == "f" else a for n, a in given.items()}


def main():
    bad, sentences = 0, set()
    compare = ROOT / os.environ.get("BUILD", "build") / "compare"
    for chapter, case, expect, also, function in ALL:
        folder = ROOT / "chapters" / chapter / "reference" / case
        with tempfile.TemporaryDirectory() as mine:
            for name, value in function(inputs(folder)).items():
                np.save(pathlib.Path(mine) / f"{name}.npy", value)
            said = subprocess.run([compare, folder, mine], capture_output=True, text=True)
        named = [line for line in said.stdout.splitlines() if line.startswith("These are the numbers of a known")]
        right = said.returncode == 1 and any(expect in line for line in named)
        others = [line for line in named if expect not in line and not any(a in line for a in also)]
        if not right or others:
            bad += 1
            print(f"{chapter}/{case}: '{expect}' is not named alone:\n{said.stdout}{said.stderr}")
        sentences.add((chapter, case, expect))
    print(f"{len(sentences) - bad} of {len(sentences)} mistakes, written in NumPy, are named")
    sys.exit(1 if bad else 0)


main()
