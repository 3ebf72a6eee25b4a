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
from scipy.special import erf

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = []


def mistake(chapter, case, expect, also=()):
    def note(function):
        ALL.append((chapter, case, expect, also, function))
        return function
    return note


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# ---- Chapter transformer ----

def attention(g, scale=None, axis=-1, keep=None, after=None):
    q, k, v = (g[n] for n in "qkv")
    scores = q @ k.swapaxes(-1, -2) * (1 / np.sqrt(q.shape[-1]) if scale is None else scale)
    masked = scores if keep is None else np.where(keep, scores, -np.inf)
    with np.errstate(invalid="ignore"):
        weights = np.nan_to_num(softmax(masked, axis))
    if after is not None:
        weights = weights * after
    return {"scores": scores, "weights": weights, "out": weights @ v}


mistake("transformer", "attention", "The scores are not divided by sqrt(d)")(lambda g: attention(g, 1))
mistake("transformer", "attention", "The scores are divided by d")(lambda g: attention(g, 1 / 4))
mistake("transformer", "attention", "the root of the model's width")(lambda g: attention(g, 1 / np.sqrt(12)))
mistake("transformer", "attention", "The softmax runs over the queries")(lambda g: attention(g, axis=-2))
mistake("transformer", "attention_padding", "The mask is inverted")(
    lambda g: attention(g, keep=g["keep"][:, None] == 0))
mistake("transformer", "attention_causal", "The mask is applied after the softmax")(
    lambda g: attention(g, after=g["keep"][:, None]))
mistake("transformer", "attention_causal", "The causal mask is strict")(
    lambda g: attention(g, keep=np.tril(np.ones((5, 7)), 7 - 5 - 1) > 0))
mistake("transformer", "attention_causal", "upper left corner")(
    lambda g: attention(g, keep=np.tril(np.ones((5, 7))) > 0))


@mistake("transformer", "multi_head", "The heads are split by a reshape")
def _(g):
    def split(a):
        return a.reshape(a.shape[0], 3, a.shape[1], -1)
    q = split(g["x"] @ g["w_q"].T + g["b_q"])
    k, v = split(g["y"] @ g["w_k"].T), split(g["y"] @ g["w_v"].T + g["b_v"])
    return {"q": q}


def layer_norm(g, normalise):
    n = normalise(g["x"] - g["x"].mean(-1, keepdims=True), g["x"])
    return {"normalised": n, "out": n * g["gain"] + g["bias"]}


mistake("transformer", "layer_norm_4", "The variance is the unbiased one")(
    lambda g: layer_norm(g, lambda c, x: c / np.sqrt(x.var(-1, ddof=1, keepdims=True) + 1e-5)))
mistake("transformer", "layer_norm_7", "eps is added to the standard deviation")(
    lambda g: layer_norm(g, lambda c, x: c / (x.std(-1, keepdims=True) + 1e-5)))


def norm(x, gain, bias):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * gain + bias


def heads(g, x, y, keep, prefix=""):
    def split(a):
        return a.reshape(*a.shape[:2], 3, -1).swapaxes(1, 2)
    w = {n: g[prefix + n] for n in ("w_q", "w_k", "w_v", "w_o", "b_q", "b_v", "b_o")}
    s = {"q": split(x @ w["w_q"].T + w["b_q"]), "k": split(y @ w["w_k"].T), "v": split(y @ w["w_v"].T + w["b_v"])}
    out = attention(s, keep=keep[:, None] > 0)["out"].swapaxes(1, 2)
    return out.reshape(*out.shape[:2], -1) @ w["w_o"].T + w["b_o"]


def attended(g, before):
    x = norm(g["x"], g["norm_1_gain"], g["norm_1_bias"]) if before else g["x"]
    return heads(g, x, x, g["keep"])


mistake("transformer", "encoder_layer_post", "The norm stands before the sublayer")(
    lambda g: {"attended": attended(g, True)})
mistake("transformer", "encoder_layer_pre", "The norm stands behind the sum")(
    lambda g: {"attended": attended(g, False)})


@mistake("transformer", "decoder_layer_post", "Cross-attention takes its keys and values from the decoder")
def _(g):
    x = norm(g["x"] + attended(g, False), g["norm_1_gain"], g["norm_1_bias"])
    return {"asked": heads(g, x, x, g["keep"], "cross_")}


mistake("transformer", "gelu", "GELU in its tanh form")(lambda g: {"out": 0.5 * g["x"] * (
    1 + np.tanh(np.sqrt(2 / np.pi) * (g["x"] + 0.044715 * g["x"] ** 3)))})
mistake("transformer", "gelu", "ReLU in place of GELU")(lambda g: {"out": np.maximum(g["x"], 0)})


@mistake("transformer", "positions", "Sines in the first half of the columns")
def _(g):
    n, D = g["sizes"]
    angle = np.arange(n)[:, None] / 10000 ** (np.arange(0, D, 2) / D)
    return {"positions": np.concatenate([np.sin(angle), np.cos(angle)], 1)}


@mistake("transformer", "positions", "The exponent 2i/D takes the column for i")
def _(g):
    n, D = g["sizes"]
    column = np.arange(D)
    angle = np.arange(n)[:, None] / 10000 ** (2 * column / D)
    return {"positions": np.where(column % 2 == 0, np.sin(angle), np.cos(angle))}


def smoothed(g, q, rows):
    logp = np.log(softmax(g["logits"].astype(float)))
    target, e, V = g["targets"], float(g["e"]), g["logits"].shape[1]
    loss = [-(q(k, e, V) * logp[r]).sum() for r, k in enumerate(target) if k >= 0]
    return np.sum(loss) / (len(target) if rows == "all" else len(loss))


def over_all(k, e, V):
    return np.where(np.arange(V) == k, 1 - e, 0) + e / V


mistake("transformer", "label_smoothing", "The loss is averaged over the padding")(
    lambda g: {"over_all": smoothed(g, over_all, "all")})
mistake("transformer", "label_smoothing", "The smoothed part goes to the other V - 1 symbols")(
    lambda g: {"over_all": smoothed(g, lambda k, e, V: np.where(np.arange(V) == k, 1 - e, e / (V - 1)), "used")})


# ---- Chapter rope ----

def turn(x, first=0, pairing="neighbours", base=10000.0, sign=1, exponent=2, angle_of=lambda a: a):
    d = x.shape[-1]
    theta = base ** (-exponent * np.arange(d // 2) / d)
    angle = sign * angle_of((first + np.arange(x.shape[-2]))[:, None] * theta)
    a, b = (x[..., 0::2], x[..., 1::2]) if pairing == "neighbours" else np.split(x, 2, -1)
    y = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
    return np.stack(y, -1).reshape(x.shape) if pairing == "neighbours" else np.concatenate(y, -1)


def to_half(a):
    """Eleven significant bits."""
    part, exponent = np.frexp(a.astype(np.float32).astype(float))
    return np.ldexp(np.rint(np.ldexp(part, 11)), exponent - 11)


mistake("rope", "rotate", "The other pairing")(lambda g: {"out": turn(g["x"], pairing="halves")})
mistake("rope", "rotate_half", "The other pairing")(lambda g: {"out": turn(g["x"])})
mistake("rope", "rotate", "The exponent is 2i/d with an i that already counts")(
    lambda g: {"out": turn(g["x"], exponent=4)})
mistake("rope", "rotate", "The angle has the wrong sign")(lambda g: {"out": turn(g["x"], sign=-1)})
mistake("rope", "rotate", "Positions start at 1")(lambda g: {"out": turn(g["x"], 1)})
mistake("rope", "rotate", "The base is 1000")(lambda g: {"out": turn(g["x"], base=1000.0)})
mistake("rope", "rotate", "The angle is rounded to 11 bits")(
    lambda g: {"out_far": turn(g["x"], 1000, angle_of=to_half)})


@mistake("rope", "rotate_half", "The table repeats each angle for neighbours")
def _(g):
    x, d = g["x"], g["x"].shape[-1]
    theta = 10000.0 ** (-2 * np.arange(d // 2) / d)
    angle = np.repeat(np.arange(x.shape[-2])[:, None] * theta, 2, -1)
    a, b = np.split(x, 2, -1)
    return {"out": x * np.cos(angle) + np.concatenate([-b, a], -1) * np.sin(angle)}


def causal(g, q, k, v):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(np.where(np.tril(np.ones(scores.shape[-2:])) > 0, scores, -np.inf)) @ v


mistake("rope", "rope_cached", "The values are rotated, too")(
    lambda g: {"out": causal(g, turn(g["q"]), turn(g["k"]), turn(g["v"]))})
mistake("rope", "rope_cached", "Queries and keys are rotated twice")(
    lambda g: {"out": causal(g, turn(turn(g["q"])), turn(turn(g["k"])), g["v"])})


@mistake("rope", "rope_cached", "With a cache the query is turned by its place in the call")
def _(g):
    rows = [softmax(g["q"][:, :, t:t + 1] @ turn(g["k"][:, :, :t + 1]).swapaxes(-1, -2) / np.sqrt(8))
            @ g["v"][:, :, :t + 1] for t in range(g["q"].shape[2])]
    return {"one_by_one": np.stack([r[:, :, 0] for r in rows])}


def slopes(g, of):
    most = int(g["most"])
    table = np.zeros((most, most))
    for h in range(1, most + 1):
        c = 2 ** int(np.log2(h))
        table[h - 1, :h] = of(h, c)
    return {"slopes": table}


def doubled(h, c):
    return [2 ** (-4.0 * (2 * i + 1) / c) for i in range(h - c)]


mistake("rope", "alibi_slopes", "The slopes' index starts at 0")(
    lambda g: slopes(g, lambda h, c: [2 ** (-8.0 * i / c) for i in range(c)] + doubled(h, c)))
mistake("rope", "alibi_slopes", "every second slope of 2 h heads")(
    lambda g: slopes(g, lambda h, c: [2 ** (-8.0 * (i + 1) / c) if c == h else 2 ** (-4.0 * (2 * i + 1) / h)
                                      for i in range(h)]))


@mistake("rope", "rope_linear_attention", "The normaliser is rotated, too")
def _(g):
    q, k = (np.where(g[n] > 0, g[n] + 1, np.exp(g[n])) for n in "qk")
    top = np.tril(turn(q) @ turn(k).T)
    weights = top / top.sum(-1, keepdims=True)
    return {"weights": weights, "out": weights @ g["v"]}


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
