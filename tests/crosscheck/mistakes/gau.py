"""Chapter gau in NumPy, from the text's formulas, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


def silu(x):
    return x / (1 + np.exp(-x))


def rms(x, gain, eps, wrong=""):
    centred = x - x.mean(-1, keepdims=True) if wrong == "mean" else x
    square = (centred ** 2).sum(-1, keepdims=True) if wrong == "sum" else (centred ** 2).mean(-1, keepdims=True)
    size = np.sqrt(square) + eps if wrong == "eps" else np.sqrt(square + eps)
    return gain * centred / size


def chunks(T, C):
    return np.arange(T) // (C or T)


def sees(T, C=0, previous=False, both=False, strict=False):
    """(T, T), true where query t sees key s."""
    t, s = np.arange(T)[:, None], np.arange(T)[None]
    own = chunks(T, C)[:, None] - chunks(T, C)[None]
    near = (own == 0) | (previous and own == 1) if previous else own == 0
    return near & (True if both else s < t if strict else s <= t)


def columns(a, C, previous=False):
    """(B, T, T) -> (B, T, W): the columns of each query's window."""
    T, W = a.shape[-1], min(a.shape[-1], C * (2 if previous else 1))
    a = np.concatenate([a, np.zeros(a.shape[:-1] + (W,))], -1)
    first = [t // C * C - (C if previous and t >= C else 0) for t in range(T)]
    return np.stack([a[:, t, f:f + W] for t, f in enumerate(first)], 1)


def rotated(x, base):
    T, s = x.shape[1:]
    angle = np.arange(T)[:, None] * base ** (-np.arange(0, s, 2) / s)
    y = np.empty_like(x)
    y[..., 0::2] = x[..., 0::2] * np.cos(angle) - x[..., 1::2] * np.sin(angle)
    y[..., 1::2] = x[..., 0::2] * np.sin(angle) + x[..., 1::2] * np.cos(angle)
    return y


# ---- The unit ----

def unit(g, wrong=""):
    """gau, flash or flash_causal, forward, and backward as far as queries, keys and values."""
    x, eps = g["x"], g["eps"]
    T, C, far = x.shape[1], g.get("chunk", 0), "gain_q_far" in g
    both = "length" in g
    seen = sees(T, C, both=both, strict=wrong == "strict")[None]
    if both:
        seen = seen & (np.arange(T)[None, None] < g["length"][:, None, None])
    v = {"input": g["norm"] * x if wrong == "no norm" else rms(x, g["norm"], eps, wrong)}
    for n in "uvz":
        y = v["input"] @ g["w_" + n].T
        v[n] = y if wrong == n + " as it is" else silu(y)
    for n in ["q", "k"] + (["q_far", "k_far"] if far else []):
        of = {"one pair": "q"}.get(wrong, n)
        of = "k" if wrong == "keys of near" and n == "k_far" else of
        gain, shift = g["gain_" + of], g["shift_" + of]
        v[n] = {"no shift": gain * v["z"], "no gain": v["z"] + shift, "shift first": gain * (v["z"] + shift)}.get(wrong, gain * v["z"] + shift)
        if "base" in g:
            v["turned_" + n] = rotated(v[n], g["base"])
    q, k = (v.get("turned_" + n, v[n]) for n in "qk")
    t = np.arange(T)
    product = q @ k.swapaxes(1, 2)
    bias = g["bias"][T - 1 + t[:, None] - t[None]] if "bias" in g and wrong != "no bias" else 0
    by = {"no divisor": 1, "batch": T, "row": seen.sum(-1, keepdims=True)}.get(wrong, g["n"])
    score = (product / by + bias) * (seen if wrong == "strict" else 1)
    weight = {"square first": np.maximum(score ** 2, 0), "no square": np.maximum(score, 0)}.get(wrong, np.maximum(score, 0) ** 2)
    weight = weight * (g["n"] if wrong == "outside" else 1)
    weight = weight * (sees(T, C, both=True) if wrong == "masked too late" else seen)
    answer = weight @ v["v"]
    if far:
        v["near"], v["far"] = answer, far_part(g, v, T, C, both, wrong)
        answer = answer + v["far"]
    gated = {"no gate": answer, "added": v["u"] + answer}.get(wrong, v["u"] * answer)
    out = gated @ g["w_o"].T + (0 if wrong == "no residual" else v["input"] if wrong == "residual of the norm" else x)
    dgated = g["loss_weight"] @ g["w_o"]
    danswer = v["u"] * dgated
    dweight = danswer @ v["v"].swapaxes(1, 2) * seen
    dscore = {"slope": 1, "slope of max": 0}.get(wrong, 2) * np.maximum(score, 0) * dweight
    dscore = (score > 0) * dweight if wrong == "slope of max" else dscore
    v |= {"scores": score, "weights": weight, "answer": answer, "gated": gated, "out": out, "dgated": dgated,
          "du": answer * dgated, "danswer": danswer, "dscores": dscore}
    if not far:
        v["dv"] = weight.swapaxes(1, 2) @ danswer
        divisor = 1 if wrong == "no divisor back" else by
        v["dq"], v["dk"] = dscore / divisor @ k, (dscore / divisor).swapaxes(1, 2) @ q
    if C:
        for n in ("scores", "weights", "dscores"):
            v[n] = columns(v[n], C)
    return v


def far_part(g, v, T, C, both, wrong):
    q, k = (v.get("turned_" + n, v[n]) for n in ("q_far", "k_far"))
    values, chunk = v["v"].copy(), chunks(T, C)
    if both and wrong != "padding":
        values *= np.arange(T)[None, :, None] < g["length"][:, None, None]
    out, state = np.zeros_like(values), np.zeros((len(k), k.shape[2], values.shape[2]))
    if both and wrong not in ("causal far", "without own"):
        state = k.swapaxes(1, 2) @ values
    for c in range(chunk[-1] + 1):
        rows = chunk == c
        own = k[:, rows].swapaxes(1, 2) @ values[:, rows]
        if wrong == "without own":
            state = k.swapaxes(1, 2) @ values - own
        if wrong == "inclusive":
            state = state + own
        out[:, rows] = q[:, rows] @ state
        if (not both or wrong == "causal far") and wrong != "inclusive":
            state = state + own
    return out / {"far not divided": 1, "far by chunk": C}.get(wrong, g["n_far"])


def wrong_in(case, known):
    right(case, unit)
    for wrong, ids in known.items():
        mistake(case, ids, lambda g, wrong=wrong: unit(g, wrong))


wrong_in("gau", {"square first": "square-before-max", "no square": "square-left-out", "no divisor": "divisor-left-out",
                 "batch": "divisor-of-batch", "row": "divisor-of-visible", "no bias": "bias-left-out", "masked too late": "masked-too-late",
                 "strict": "mask-strict", "u as it is": "gate-without-silu", "v as it is": "values-without-silu",
                 "z as it is": "z-without-silu", "no gate": "gate-left-out", "added": "gate-added", "no residual": "residual-left-out",
                 "residual of the norm": "residual-of-norm", "no norm": "norm-left-out", "mean": "norm-subtracts-mean",
                 "eps": "norm-eps-outside", "sum": "norm-of-sum", "one pair": "one-gain-and-shift", "no shift": "shift-left-out",
                 "no gain": "gain-left-out", "shift first": "shift-before-gain", "slope": "backward-square-slope",
                 "slope of max": "backward-slope-of-max", "no divisor back": "backward-divisor-left-out"})
wrong_in("flash_causal", {"inclusive": "far-inclusive", "far not divided": "far-not-divided", "far by chunk": "far-divided-by-chunk",
                          "keys of near": "far-of-near-pair", "masked too late": "flash-masked-too-late",
                          "outside": "flash-divisor-outside"})
wrong_in("flash", {"without own": "far-without-own-chunk", "causal far": "far-causal", "padding": "padding-seen-far"})


# ---- Attention alone ----

def divisors(g, wrong=""):
    product, t, n = g["q"] @ g["k"].swapaxes(1, 2), np.arange(g["q"].shape[1]), g["n"]
    T = len(t)
    row = {"from zero": np.maximum(t, 1), "batch": np.full(T, T)}.get(wrong, t + 1)[:, None]
    scores = {"longest": product / n, "batch": product / T, "visible": product / row, "outside": product}
    v = {}
    for name, s in scores.items():
        w = np.maximum(s, 0) ** 2 / ((n * n if wrong == "squared" else n) if name == "outside" else 1) * sees(T)
        v["weights_" + name], v["out_" + name] = w, w @ g["v"]
    return v


right("gau_divisors", divisors)
for wrong, name in {"squared": "outside-squared", "from zero": "visible-from-zero", "batch": "visible-is-batch"}.items():
    mistake("gau_divisors", "divisors-" + name, lambda g, wrong=wrong: divisors(g, wrong))


def norm_attention(g, wrong=""):
    def phi(x):
        return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))

    q, k = phi(g["q"]), phi(g["k"])
    T = q.shape[1]
    w = q @ k.swapaxes(1, 2) * (1 if wrong == "not masked" else sees(T, strict=wrong == "strict"))
    sums = w @ g["v"]
    return {"phi_q": q, "phi_k": k, "sums": sums, "out": rms(sums, g["gain"], g["eps"], wrong)}


right("norm_attention", norm_attention)
mistake("norm_attention", "norm-attention-eps-outside", lambda g: norm_attention(g, "eps"))
mistake("norm_attention", "norm-attention-norm-of-sum", lambda g: norm_attention(g, "sum"))


def window(g, previous, wrong=""):
    q, k, n = g["q"], g["k"], g.get("n")
    T, C = q.shape[1], g["chunk"]
    score = q @ k.swapaxes(1, 2) / (n or np.sqrt(q.shape[2]))
    seen = sees(T, C, previous and wrong != "own only")
    if n:
        weight = np.maximum(score, 0) ** 2 * seen
    else:
        weight = np.exp(score) * seen
        weight = weight / weight.sum(-1, keepdims=True)
    return {"weights": columns(weight, C, previous), "out": weight @ g["v"]}


right("diagonal", lambda g: window(g, False))
right("overlap", lambda g: window(g, True))
mistake("overlap", "overlap-chunk-before-left-out", lambda g: {n: v for n, v in window(g, True, "own only").items() if n == "out"})

run("gau")
