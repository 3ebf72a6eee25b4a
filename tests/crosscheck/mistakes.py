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
