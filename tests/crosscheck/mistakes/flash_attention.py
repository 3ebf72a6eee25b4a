"""Chapter flash_attention in NumPy, from the text's formulas, tile by tile, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run

NONE = -np.inf


def power(x):
    """e^x, also of -inf - (-inf), which stands for no key at all."""
    return np.exp(np.where(np.isnan(x), NONE, x))


# ---- Parts ----

def merge(g, wrong=""):
    kept = {n: [] for n in ("two_m", "two_l", "two_o", "m", "l", "o")}

    def both(a, b):
        m = b[0] if wrong == "m of the second" and np.isfinite(b[0]) else max(a[0], b[0])
        c, e = power(a[0] - m), power(b[0] - m)
        l = a[1] + b[1] if wrong == "l" else c * a[1] + (b[1] if wrong == "second l" else e * b[1])
        o = a[2] + b[2] if wrong == "o" else c * a[2] + (b[2] if wrong == "second o" else e * b[2])
        return m, l, o

    for order in g["orders"]:
        parts = [(g["part_m"][i], g["part_l"][i], g["part_o"][i]) for i in order]
        two = both(parts[0], parts[1])
        for end, x in (("two_", two), ("", both(two, parts[2]))):
            for n, value in zip("mlo", x):
                kept[end + n].append(value)
    v = {n: np.stack(x) for n, x in kept.items()}
    return v | {"L": v["m"] + np.log(v["l"]), "out": v["o"] / v["l"][:, None]}


right("merge", merge)
for wrong, name in {"l": "l-not-rescaled", "o": "o-not-rescaled", "second o": "second-not-rescaled",
                    "second l": "second-l-not-rescaled", "m of the second": "m-of-the-second"}.items():
    mistake("merge", "merge-" + name, lambda g, wrong=wrong: merge(g, wrong))


def split(g, wrong=""):
    a, width = g["q"] @ g["k"].swapaxes(-1, -2) / np.sqrt(g["q"].shape[-1]), g["part"]
    L, out = [], []
    for s in range(0, a.shape[-1], width):
        part = a[..., s:s + width]
        m = part.max(-1, keepdims=True)
        p = np.exp(part - m)
        L.append((m if wrong == "m" else m + np.log(p.sum(-1, keepdims=True)))[..., 0])
        out.append(p @ g["v"][:, :, s:s + width] / p.sum(-1, keepdims=True))
    L, out = np.stack(L), np.stack(out)
    m = L.max(0)
    share = np.exp(L - m)
    if wrong == "mean":
        return {"part_L": L, "part_out": out, "L": np.full(m.shape, np.log(len(L))), "out": out.mean(0)}
    return {"part_L": L, "part_out": out, "L": m if wrong == "largest" else m + (0 if wrong == "m" else np.log(share.sum(0))),
            "out": (share[..., None] * out).sum(0) / share.sum(0)[..., None]}


right("split", split)
mistake("split", "split-averaged", lambda g: {n: v for n, v in split(g, "mean").items() if n != "L"})
mistake("split", "split-weights-of-m", lambda g: {n: v for n, v in split(g, "m").items() if n != "L"})
mistake("split", "split-l-is-the-largest", lambda g: split(g, "largest"))


# ---- Attention in tiles ----

class Attention:
    """One case: tiles of rows x columns, one after the other. `wrong` says what is done wrong."""

    def __init__(self, g, wrong=""):
        self.g, self.wrong = g, wrong
        self.q, self.k, self.v = g["q"], g["k"], g["v"]
        self.B, self.h, self.T, self.d = self.q.shape
        self.S = self.k.shape[2]
        self.rows = [slice(t, t + g["tile_rows"]) for t in range(0, self.T, g["tile_rows"])]
        self.keys = [slice(s, s + g["tile_columns"]) for s in range(0, self.S, g["tile_columns"])]
        self.scale = {"unscaled": 1, "by d": 1 / self.d}.get(wrong, self.d ** -0.5)
        self.causal = None

    def seen(self):
        """How many keys each query sees, by causality."""
        shift = {None: self.S, "bottom right": self.S - self.T + 1, "top left": 1, "strict": self.S - self.T,
                 "one ahead": self.S - self.T + 2}[self.causal]
        return np.minimum(np.arange(self.T) + shift, self.S) if self.causal else np.full(self.T, self.S)

    def scores(self, rows, keys, free=False):
        a = self.q[:, :, rows] @ self.k[:, :, keys].swapaxes(-1, -2)
        bias = self.g["bias"][:, rows, keys] if "bias" in self.g and self.wrong != "no bias" else 0
        a = (a + bias) * self.scale if self.wrong == "bias scaled" else a * self.scale + bias
        if free:
            return a
        if "mask" in self.g:
            mask = self.g["mask"][:, None, rows, keys] != (1 if self.wrong == "inverted" else 0)
            a = np.where(mask, a, {"masked large": -1e30, "masked zero": 0}.get(self.wrong, NONE))
        if self.wrong != "not masked inside":
            beyond = np.arange(self.S)[keys] >= self.seen()[rows, None]
            a = np.where(beyond, NONE, a)
        return a

    def hidden(self, rows, keys):
        seen = self.seen()[rows]
        return keys.start >= (seen[0] if self.wrong == "diagonal skipped" else seen[-1])

    def reference(self, top, before):
        if self.wrong == "own m":
            return np.where(np.isfinite(top), top, before)
        return np.maximum(before, top)

    def exp(self, x):
        return power(x * np.log(2) if self.wrong == "base two" else x)

    def forward(self):
        shape = (self.B, self.h, self.T)
        m, l, o = np.full(shape, NONE), np.zeros(shape), np.zeros(shape + (self.d,))
        kept = {"m": [], "l": [], "o": []}
        powers = np.zeros(shape + (self.S,))
        for keys in self.keys:
            for rows in self.rows:
                if self.hidden(rows, keys):
                    continue
                a = self.scores(rows, keys)
                new = self.reference(a.max(-1), m[:, :, rows])
                c = power(new - m[:, :, rows]) if self.wrong == "inverted factor" else power(m[:, :, rows] - new)
                c = np.where(np.isfinite(m[:, :, rows]), c, 1)
                p = self.exp(a - new[..., None])
                if self.wrong == "divided":
                    o[:, :, rows] /= np.where(l[:, :, rows] > 0, l[:, :, rows], 1)[..., None]
                l[:, :, rows] = (1 if self.wrong == "l" else c) * l[:, :, rows] + p.sum(-1)
                if self.wrong == "padding" and keys.stop > self.S:
                    l[:, :, rows] += (keys.stop - self.S) * np.exp(-new)
                factor = {"o": 1, "o inverse": 1 / c[..., None]}.get(self.wrong, c[..., None])
                o[:, :, rows] = factor * o[:, :, rows] + p @ self.v[:, :, keys]
                m[:, :, rows] = new
                powers[:, :, rows, keys] = p
            for n, x in (("m", m), ("l", l), ("o", o)):
                kept[n].append(x.copy())
        some = l > 0
        self.out = np.where(some[..., None], o / np.where(some, l, 1)[..., None], 0)
        self.L = {"L without m": np.log(l), "L without log": m + l, "L is m": m,
                  "L base two": (m + np.log(l)) / np.log(2)}.get(self.wrong, m + np.log(l))
        scores = self.scores(slice(0, self.T), slice(0, self.S), free=True)
        return {"scores": scores, "powers": powers, **{n: np.stack(x) for n, x in kept.items()}, "L": self.L, "out": self.out}

    def backward(self):
        g, dout, wrong = self.g, self.g["loss_weight"], self.wrong
        D = dout.sum(-1) if wrong == "D of dout" else (dout * self.out).sum(-1)
        w, dw, da = (np.zeros((self.B, self.h, self.T, self.S)) for _ in range(3))
        dq, dk, dv = (np.zeros_like(x) for x in (self.q, self.k, self.v))
        L = np.where(np.isfinite(self.L), self.L, 0)

        def add(name, x, where, part):
            x[:, :, where] = part if wrong == "last " + name else x[:, :, where] + part

        for keys in self.keys:
            for rows in self.rows:
                if self.hidden(rows, keys):
                    continue
                a, d = self.scores(rows, keys), dout[:, :, rows]
                at = L[:, :, rows, None] / (np.log(2) if wrong == "forward base two" else 1)
                w[:, :, rows, keys] = W = np.exp(a - (a.max(-1, keepdims=True) if wrong == "undivided" else at))
                dw[:, :, rows, keys] = dW = d @ self.v[:, :, keys].swapaxes(-1, -2)
                of = (W * dW).sum(-1) if wrong == "D of one tile" else D[:, :, rows]
                A = {"no D": W * dW, "sign": W * (of[..., None] - dW), "elementwise": W * (1 - W) * dW}.get(wrong, W * (dW - of[..., None]))
                da[:, :, rows, keys] = A
                add("dv", dv, keys, (W * dW if wrong == "dv" else W).swapaxes(-1, -2) @ d)
                add("dq", dq, rows, A @ self.k[:, :, keys] * (1 if wrong == "dq" else self.scale))
                twice = {"dk twice": self.scale ** 2, "dk": 1}.get(wrong, self.scale)
                add("dk", dk, keys, A.swapaxes(-1, -2) @ self.q[:, :, rows] * twice)
        v = {"loss": (self.out * dout).sum(), "weights": w, "D": D, "dweights": dw, "dscores": da, "dq": dq, "dk": dk, "dv": dv}
        if "mask" in g or self.causal:
            del v["dweights"]
        if "bias" in g:
            v["dbias"] = da[-1] if wrong == "dbias one" else da.sum(0) * (self.scale if wrong == "dbias scaled" else 1)
        return v


def attention(g, wrong="", causal=None, names=None):
    a = Attention(g, wrong)
    a.causal = causal
    v = a.forward()
    if "loss_weight" in g:
        v |= a.backward()
    return v if names is None else {n: v[n] for n in names.split()}


def wrong_in(case, known, causal=None):
    right(case, lambda g: attention(g, "", causal))
    for wrong, name in known.items():
        names = None
        if isinstance(name, tuple):
            name, names = name
        mistake(case, name, lambda g, wrong=wrong, names=names: attention(g, wrong, causal, names))


wrong_in("forward", {"l": "l-not-rescaled", "o": "o-not-rescaled", "inverted factor": "rescaling-inverted", "o inverse": "o-rescaled-by-the-inverse", "own m": "m-of-the-tile",
                     "divided": "divided-in-every-tile", "unscaled": "unscaled", "by d": "scaled-by-d", "base two": "base-two",
                     "L without m": "l-without-m", "L without log": "l-without-log", "L is m": "l-is-m",
                     "L base two": "l-in-base-two", "padding": "padding-counted"})
wrong_in("backward", {"no D": "d-left-out", "D of one tile": "d-of-one-tile", "D of dout": "d-of-dp-alone", "sign": "ds-sign",
                      "elementwise": "softmax-slope-elementwise", "undivided": "backward-weights-undivided",
                      "forward base two": "base-two-forward-only", "dq": "dq-unscaled", "dk": "dk-unscaled",
                      "dk twice": "dk-scaled-twice", "last dq": "dq-of-the-last-tile", "last dk": "dk-of-the-last-tile",
                      "last dv": "dv-of-the-last-tile", "dv": "dv-of-ds"})
wrong_in("causal", {"diagonal skipped": "causal-diagonal-tile-skipped", "not masked inside": "causal-not-masked-inside"}, "bottom right")
for causal, name in {"top left": "causal-top-left", "strict": "causal-not-itself", "one ahead": "causal-one-ahead"}.items():
    mistake("causal", name, lambda g, causal=causal: attention(g, "", causal))
wrong_in("causal_long", {}, "bottom right")
mistake("causal_long", "causal-long-top-left", lambda g: attention(g, "", "top left"))
wrong_in("masked", {"masked large": "masked-large", "masked zero": "masked-zero", "inverted": "masked-inverted"})
wrong_in("bias", {"bias scaled": "bias-scaled", "no bias": "bias-left-out", "dbias one": "bias-gradient-of-one-sequence",
                  "dbias scaled": "bias-gradient-scaled"})
right("decode", lambda g: attention(g, "", "bottom right"))
mistake("decode", "decode-top-left", lambda g: attention(g, "", "top left"))

run("flash_attention")
