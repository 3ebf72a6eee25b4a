"""Chapter checkpointing in NumPy, from the text's formulas, right and with one mistake at a time."""
import functools
import math
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


# ---- Segments ----

def ends_of(n, K, wrong):
    if wrong == "rest last":
        return [n // K * k for k in range(K)] + [n]
    sizes = [n // K + (k < n % K) for k in range(K)]
    return np.cumsum([0] + (sizes[::-1] if wrong == "larger last" else sizes)).tolist()


def peak(n, K, wrong):
    if K == 0:
        return 4 * n
    sizes, most, there = np.diff(ends_of(n, K, wrong)), 0, K
    if wrong == "first kept":
        there += 2 * n
    for k in range(K)[::-1]:
        there += 1                       # the gradient of its end
        most = max(most, there + 4 * sizes[k] + (k > 0))
        if wrong == "second kept":
            there += 4 * sizes[k]
    return most


def segments(g, wrong=""):
    n, K, w, b = g["n"], g["K"], g["w"], g["b"]
    ends, order = ends_of(n, K, wrong), []

    def step(i, h):
        order.append(i)
        return np.tanh(h @ w[i].T + b[i])

    kept, h = [g["x"]], g["x"]
    for i in range(n):
        h = step(i, h)
        if i + 1 in ends:
            kept.append(h)
    dw, db, dh, gradients = np.zeros_like(w), np.zeros_like(b), g["loss_weight"], [g["loss_weight"]]
    for k in range(K)[::-1]:
        states = [kept[k]]
        for i in range(ends[k], ends[k + 1]):
            states.append(step(i, states[-1]))
        d = {"ones": np.ones_like(dh), "twice": 2 * dh}.get(wrong, dh)
        for i in range(ends[k], ends[k + 1])[::-1]:
            if wrong == "not differentiated":
                break
            h = states[i - ends[k] + 1]
            da = d * (1 - h ** 2)
            dw[i], db[i], d = da.T @ states[i - ends[k]], da.sum(0), da @ w[i]
        dh = 0 * d if wrong == "detached" else d
        gradients.append(dh)
    return {"kept": np.array(ends[1:]), "h_kept": np.stack(kept[1:]), "loss": (kept[-1] * g["loss_weight"]).sum(),
            "order": np.array(order), "dh_kept": np.stack(gradients[:-1][::-1]), "dx": dh, "dw": dw, "db": db,
            "peaks": np.array([peak(n, K, wrong) for K in range(n + 1)])}


right("segments", segments)
for wrong, name in {"first kept": "first-run-kept", "second kept": "second-run-kept", "ones": "dout-not-passed", "twice": "counted-twice",
                    "detached": "input-detached", "rest last": "segments-rest-last", "larger last": "segments-larger-last"}.items():
    mistake("segments", name, lambda g, wrong=wrong: segments(g, wrong))


def best_segments(g, wrong=""):
    n, a, b = g["n"], g["a"][:, None], g["b"][:, None]
    K = np.arange(1, n + 1)
    size = K * 0 + n // K if wrong == "down" else -(-n // K)
    M = {"ends": a * size, "exchanged": a * K + b * size, "half": (b * K + a * size) // 2, "all": b * K + a * n}.get(wrong, b * K + a * size)
    best = M.argmin(1) + 1
    if wrong == "root":
        best = 0 * best + math.isqrt(n)
    if wrong == "last":
        best = n - M[:, ::-1].argmin(1)
    return {"peak": M, "best": best}


right("best_segments", best_segments)
for wrong, name in {"ends": "ends-not-counted", "down": "largest-rounded-down", "exchanged": "a-and-b-exchanged", "half": "gradients-not-counted",
                    "all": "all-segments-counted", "root": "root-of-n", "last": "best-of-equals"}.items():
    mistake("best_segments", name, lambda g, wrong=wrong: best_segments(g, wrong))


# ---- Revolve ----

@functools.lru_cache(None)
def t(l, s):
    if l == 1:
        return 0
    return l * (l - 1) // 2 if s == 1 else min(k + t(l - k, s - 1) + t(k, s) for k in range(1, l))


def split(l, s, wrong=""):
    if s == 1 or l == 1:
        return l - 1
    if wrong == "middle":
        return l // 2
    costs = [k + t(l - k, s if wrong == "keeps" else s - 1) + t(k, s) for k in range(1, l)]
    return len(costs) - costs[::-1].index(min(costs)) if wrong == "largest" else costs.index(min(costs)) + 1


def revolve_table(g, wrong=""):
    l, s = np.meshgrid(range(1, g["steps"] + 1), range(1, g["slots"] + 1), indexing="ij")

    def r_of(l, s):
        r = 0
        while (math.comb(s + r, s) <= l if wrong == "strictly" else math.comb(s + r, s) < l):
            r += 1
        return r

    def t_of(l, s):
        if wrong == "binomial":
            return r_of(l, s) * l - math.comb(s + r_of(l, s), s) if r_of(l, s) else 0
        return t(l, s + 1 if wrong == "slots" else s) + (l if wrong == "own" else 0)

    v = {"r": np.vectorize(r_of)(l, s), "t": np.vectorize(t_of)(l, s), "split": np.vectorize(lambda l, s: split(l, s, wrong))(l, s)}
    return {n: v[n] for n in ("t",)} if wrong in ("slots", "binomial", "own") else v


right("revolve_table", revolve_table)
for wrong, name in {"own": "reversal-counted", "slots": "slots-without-the-input", "strictly": "r-strictly-less", "binomial": "wrong-binomial-in-t",
                    "middle": "split-in-the-middle", "keeps": "split-keeps-its-slot", "largest": "split-largest"}.items():
    mistake("revolve_table", name, lambda g, wrong=wrong: revolve_table(g, wrong))


def revolve_schedule(g, wrong=""):
    rows = [(0, 0, 0)]

    def back(first, end, s):
        if end - first == 1:
            rows.append((2, first, end))
            return
        middle = first + split(end - first, s, wrong)
        rows.append((1, first, middle))
        if end - middle > 1 or wrong == "single":
            rows.append((0, middle, middle))
        back(middle, end, s if wrong == "second" else s - 1)
        back(first, middle, max(s - 1, 1) if wrong == "freed" else s)

    back(0, g["steps"], g["slots"])
    visits = np.array([sum(a <= i < b for kind, a, b in rows if kind == 1) for i in range(g["steps"])])
    rows = rows[:3 * g["steps"]] + [(-1, -1, -1)] * (3 * g["steps"] - len(rows))
    return {"actions": np.array(rows), "visits": visits, "advances": visits.sum()}


right("revolve_schedule", revolve_schedule)
for wrong, name in {"second": "second-part-keeps-its-slot", "freed": "slot-not-freed", "single": "single-step-stored",
                    "middle": "schedule-split-in-the-middle"}.items():
    mistake("revolve_schedule", name, lambda g, wrong=wrong: revolve_schedule(g, wrong))


# ---- The same twice ----

def dropout(g, wrong=""):
    masks = [(d >= g["rate"]) / (1 - g["rate"]) for d in g["draws"]]
    second = {"redrawn": masks[1], "evaluates": np.ones_like(masks[0])}.get(wrong, masks[0])
    h = np.tanh(g["x"] @ g["w"].T + g["b"])
    y = masks[0] * h
    da = g["loss_weight"] * second * (1 - h ** 2)
    return {"mask_first": masks[0], "mask_second": second, "y": y, "loss": (y * g["loss_weight"]).sum(), "dx": da @ g["w"],
            "dw": da.T @ g["x"], "db": da.sum(0)}


right("dropout", dropout)
mistake("dropout", "masks-redrawn", lambda g: dropout(g, "redrawn"))
mistake("dropout", "second-run-evaluates", lambda g: dropout(g, "evaluates"))


def shared_input(g, wrong=""):
    after, q, p = (np.float32(g["loss_weight"] * g[n]) for n in ("after", "q", "p"))
    dx = {"copy": after + (q + p), "replaced": q + p, "none": after}.get(wrong, (after + q) + p)
    return {"dx_after": after, "dx_q": q, "dx_p": p, "dx": dx}


right("shared_input", shared_input)
for wrong, name in {"copy": "input-through-a-copy", "replaced": "input-gradient-replaced", "none": "segment-input-no-gradient"}.items():
    mistake("shared_input", name, lambda g, wrong=wrong: shared_input(g, wrong))


def selective(g, wrong=""):
    q, k, v, dout = (g[n].swapaxes(1, 2) for n in ("q", "k", "v", "loss_weight"))
    T, scale = q.shape[2], 1 / np.sqrt(q.shape[-1])

    def weights_of(k, masked=True):
        a = q @ k.swapaxes(-1, -2) * scale
        a = np.where(np.tril(np.ones((T, T))) > 0, a, -np.inf) if masked else a
        e = np.exp(a - a.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    first = weights_of(k)
    out = first @ v
    P = weights_of(v) if wrong == "keys" else weights_of(k, wrong != "mask")
    dP = dout @ v.swapaxes(-1, -2)
    ds = P * (dP - (P * dP).sum(-1, keepdims=True)) * scale
    result = {"dq": ds @ (v if wrong == "keys" else k), "dk": ds.swapaxes(-1, -2) @ q, "dv": P.swapaxes(-1, -2) @ dout}
    return {n: x.swapaxes(1, 2) for n, x in (result | {"out": out}).items()} | {"weights": first, "loss": (out * dout).sum()}


right("selective", selective)
mistake("selective", "backward-without-the-mask", lambda g: selective(g, "mask"))


def layer_bytes(g, wrong=""):
    B, T, D, h, F = (g[n] for n in "BTDhF")
    N, norm = B * T, B * T * (D + 1)
    pairs = N * h * T
    out = np.array([N * D] * 8 + [N * F, N * F, N * D, N * D])
    kept = np.array([norm, 0, 0, 0, 2 * pairs, 0, 0, norm, 0, 0, 0, 0])
    if wrong == "norms":
        kept[[0, 7]] = 0
    if wrong in ("weights", "head", "sequence", "causal"):
        kept[4] = {"weights": pairs, "head": 2 * N * T, "sequence": 2 * T * h * T, "causal": 2 * (pairs * 1 // T * (T + 1) // 2)}[wrong]
    if wrong == "in place":
        out[9] = 0
    return {"out": out, "kept": kept, "values": out.sum(), "besides": kept.sum(), "bytes": 4 * (2 * out.sum() + kept.sum())}


right("layer_bytes", layer_bytes)
for wrong, name in {"norms": "norm-keeps-nothing", "weights": "weights-alone", "head": "one-head", "sequence": "pairs-of-one-sequence", "causal": "masked-pairs-left-out",
                    "in place": "activation-in-place"}.items():
    mistake("layer_bytes", name, lambda g, wrong=wrong: layer_bytes(g, wrong))

run("checkpointing")
