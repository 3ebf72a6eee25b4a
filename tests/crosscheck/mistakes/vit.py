"""Chapter vit in NumPy, from the text's formulas, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np
from scipy.special import erf

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


# ---- Patches ----

def cut(x, P, order="n"):
    """(B, C, H, W) -> (B, N, C P P)."""
    B, C, H, W = x.shape
    if order == "stripes":
        return x.reshape(B, -1, C * P * P)
    grid = x.reshape(B, C, H // P, P, W // P, P) # b c i u j v
    axes = {"n": (0, 2, 4, 1, 3, 5), "channels last": (0, 2, 4, 3, 5, 1), "columns first": (0, 4, 2, 1, 3, 5),
            "transposed": (0, 2, 4, 1, 5, 3)}[order]
    return grid.transpose(axes).reshape(B, -1, C * P * P)


def uncut(p, shape, P):
    B, C, H, W = shape
    return p.reshape(B, H // P, W // P, C, P, P).transpose(0, 3, 1, 4, 2, 5).reshape(shape)


def patch_embed(g, order="n", weight=lambda w: w, bias=1, db=lambda d: d.sum((0, 1)), dw=lambda d, p: np.einsum("bnd,bnk->dk", d, p)):
    x, P, w = g["x"], g["P"], weight(g["w_patch"]).reshape(len(g["w_patch"]), -1)
    p = cut(x, P, order)
    z = p @ w.T + bias * g["b_patch"]
    dz = g["loss_weight"]
    out = {"patches": p, "tokens": z, "loss": (z * dz).sum(), "db_patch": db(dz)}
    if order == "n" and weight(g["w_patch"]) is g["w_patch"]:
        dp = dz @ w
        out.update(dw_patch=dw(dz, p).reshape(g["w_patch"].shape), dpatches=dp, dx=uncut(dp, x.shape, P))
    return out


right("patch_embed", patch_embed)
for id, how in {
        "patches-stripes": dict(order="stripes"), "patches-channels-last": dict(order="channels last"),
        "patches-columns-first": dict(order="columns first"), "patches-pixels-transposed": dict(order="transposed"),
        "embed-weights-channels-last": dict(weight=lambda w: w.reshape(len(w), 3, 3, 3).transpose(0, 3, 1, 2)),
        "embed-without-bias": dict(bias=0), "embed-db-mean": dict(db=lambda d: d.mean(1).sum(0)),
        "embed-dw-first-picture": dict(dw=lambda d, p: d[0].T @ p[0])}.items():
    mistake("patch_embed", id, lambda g, how=how: patch_embed(g, **how))


def convolution(g, flip=False, turn=False, bias=1, left=1, overlap=True, dbias=lambda d: d.sum((0, 2, 3))):
    x, w, s, q = g["x"], g["w"], g["stride"], g["padding"]
    k = w.shape[2]
    w = w[:, :, ::-1, ::-1] if flip else w.swapaxes(2, 3) if turn else w
    padded = np.pad(x, ((0, 0), (0, 0), (q, q), (left, 2 * q - left)))
    rows, columns = (padded.shape[2] - k) // s + 1, (padded.shape[3] - k) // s + 1
    dy = g["loss_weight"]
    y, dw, dpadded = np.zeros(dy.shape), np.zeros(w.shape), np.zeros(padded.shape)
    for i in range(rows):
        for j in range(columns):
            at = np.s_[:, :, i * s : i * s + k, j * s : j * s + k]
            y[:, :, i, j] = np.einsum("bcuv,dcuv->bd", padded[at], w) + bias * g["bias"]
    for u in range(k):
        for v in range(k):
            at = np.s_[:, :, u : u + rows * s : s, v : v + columns * s : s]
            dw[:, :, u, v] = np.einsum("bdij,bcij->dc", dy, padded[at])
            d = np.einsum("bdij,dc->bcij", dy, w[:, :, u, v])
            if overlap:
                dpadded[at] += d
            else:
                dpadded[at] = d
    dw = dw[:, :, ::-1, ::-1] if flip else dw.swapaxes(2, 3) if turn else dw
    dx = dpadded[:, :, q : q + x.shape[2], left : left + x.shape[3]]
    return {"y": y, "loss": (y * dy).sum(), "dbias": dbias(dy), "dw": dw, "dx": dx}


right("convolution", convolution)
for id, how in {"convolution-flipped": dict(flip=True), "convolution-kernel-transposed": dict(turn=True),
                "convolution-without-bias": dict(bias=0), "convolution-same-padding": dict(left=0),
                "convolution-dbias-mean": dict(dbias=lambda d: d.mean((2, 3)).sum(0)),
                "convolution-dx-overwritten": dict(overlap=False)}.items():
    mistake("convolution", id, lambda g, how=how: convolution(g, **how))


# ---- The model, forward ----

def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def norm(g, name, x, eps, end=""):
    gain, bias = g[f"{name}_gain{end}"], g[f"{name}_bias{end}"]
    return gain * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + bias


def gelu(x):
    return x * (1 + erf(x / 2 ** 0.5)) / 2


def gelu_tanh(x):
    return x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x ** 3))) / 2


def block(g, x, end, eps, mask=None, scale=lambda d, D: d ** -0.5, act=gelu, interleaved=False, one_norm=False,
          attention_to="x", mlp_to="x"):
    h, s = g["h"], {}
    D = x.shape[-1]

    def split(a):
        B, T = a.shape[:2]
        return (a.reshape(B, T, D // h, h).transpose(0, 3, 1, 2) if interleaved
                else a.reshape(B, T, h, D // h).transpose(0, 2, 1, 3))

    y = s["norm_1"] = norm(g, "norm_1", x, eps, end)
    q, k, v = split(y @ g["w_q" + end].T + g["b_q" + end]), split(y @ g["w_k" + end].T), split(y @ g["w_v" + end].T + g["b_v" + end])
    s.update(q=q, k=k, v=v)
    s["scores"] = q @ k.swapaxes(-1, -2) * scale(D // h, D)
    a = s["scores"] if mask is None else np.where(mask, s["scores"], -np.inf)
    s["weights"] = softmax(a)
    s["heads"] = (s["weights"] @ v).transpose(0, 2, 1, 3).reshape(x.shape)
    s["attention"] = s["heads"] @ g["w_o" + end].T + g["b_o" + end]
    s["after_attention"] = {"x": x, "y": y, "0": 0}[attention_to] + s["attention"]
    y = s["norm_2"] = norm(g, "norm_1" if one_norm else "norm_2", s["after_attention"], eps, end)
    s["hidden_sums"] = y @ g["w_1" + end].T + g["b_1" + end]
    s["hidden"] = act(s["hidden_sums"])
    s["mlp"] = s["hidden"] @ g["w_2" + end].T + g["b_2" + end]
    s["after_mlp"] = (s["after_attention"] if mlp_to == "x" else y) + s["mlp"]
    return {n + end: a for n, a in s.items()}


def tokens_of(g, embedded, how):
    p, D = g["positions"], embedded.shape[-1]
    if "class_token" not in g:
        return embedded + p
    token = np.broadcast_to(g["class_token"], (len(embedded), 1, D))
    if how == "last":
        return np.concatenate([embedded, token], 1) + p
    if how == "before":
        return np.concatenate([token, embedded + p[1:]], 1)
    z = np.concatenate([token, embedded], 1)
    return z * D ** 0.5 + p if how == "scaled" else z + (np.roll(p, 1, 0) if how == "shifted" else p)


def model(g, tokens="right", pool="right", eps=1e-6, causal=False, **how):
    s = {"patches": cut(g["x"], g["P"])}
    s["embedded"] = s["patches"] @ g["w_patch"].reshape(len(g["w_patch"]), -1).T + g["b_patch"]
    z = s["tokens"] = tokens_of(g, s["embedded"], tokens)
    mask = np.tri(z.shape[1], dtype=bool) if causal else None
    s.update(block(g, z, "", eps, mask, **how))
    s.update(block(g, s["after_mlp"], "_2", eps, mask, **how))
    z = s["after_mlp_2"]
    end = z if pool == "no norm" else norm(g, "end", z, eps)
    if pool == "before norm":
        s["features"] = norm(g, "end", z.mean(1), eps)
    else:
        s["end"] = end
        s["features"] = (end.mean(1) if pool == "all" or "class_token" not in g else end[:, 1:].mean(1) if pool == "patches"
                         else end[:, -1] if pool == "last" else end[:, 0])
    s["logits"] = s["features"] @ g["w_head"].T + g["b_head"]
    s["loss"] = (s["logits"] * g["loss_weight"]).sum()
    return s


right("vit_class", model)
right("vit_mean", model)
for case, id, how in [
        ("vit_class", "vit-class-last", dict(tokens="last")), ("vit_class", "vit-positions-before-class", dict(tokens="before")),
        ("vit_class", "vit-positions-shifted", dict(tokens="shifted")), ("vit_class", "vit-tokens-scaled", dict(tokens="scaled")),
        ("vit_class", "vit-without-end-norm", dict(pool="no norm")), ("vit_mean", "vit-pooled-before-norm", dict(pool="before norm")),
        ("vit_class", "vit-mean-with-class", dict(pool="all")), ("vit_class", "vit-mean-without-class", dict(pool="patches")),
        ("vit_class", "vit-last-token", dict(pool="last")), ("vit_class", "vit-class-eps-1e-5", dict(eps=1e-5)),
        ("vit_mean", "vit-mean-eps-1e-5", dict(eps=1e-5)), ("vit_class", "vit-eps-1e-12", dict(eps=1e-12)),
        ("vit_class", "vit-residual-behind-norm", dict(attention_to="y")), ("vit_mean", "vit-mlp-residual-behind-norm", dict(mlp_to="y")),
        ("vit_mean", "vit-without-residual", dict(attention_to="0")), ("vit_mean", "vit-one-norm", dict(one_norm=True)),
        ("vit_class", "vit-gelu-tanh", dict(act=gelu_tanh)), ("vit_mean", "vit-relu", dict(act=lambda x: np.maximum(x, 0))),
        ("vit_class", "vit-causal", dict(causal=True)), ("vit_class", "vit-scaled-by-model-width", dict(scale=lambda d, D: D ** -0.5)),
        ("vit_mean", "vit-unscaled", dict(scale=lambda d, D: 1)), ("vit_class", "vit-heads-interleaved", dict(interleaved=True))]:
    mistake(case, id, lambda g, how=how: model(g, **how))


# ---- Another resolution ----

def kernel(kind, t, a=-0.75):
    t = np.abs(t)
    if kind == "bilinear":
        return np.maximum(1 - t, 0)
    return np.where(t < 1, (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1, np.where(t < 2, a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a, 0))


def matrix(kind, n, m, at=lambda i, n, m: (i + 0.5) * n / m - 0.5, a=-0.75, edges=True, whole=False):
    R = np.zeros((m, n))
    for i in range(m):
        t = at(i, n, m)
        for j in range(int(np.floor(t)) - 1, int(np.floor(t)) + 3):
            if edges or 0 <= j < n:
                R[i, min(max(j, 0), n - 1)] += kernel(kind, t - j, a)
    return R / R.sum(1, keepdims=True) if whole else R


def positions_resized(g, how="right", **kernel_of):
    p, h, w, H, W = g["positions"], g["h"], g["w"], g["new_h"], g["new_w"]
    s = {}
    for kind in "bilinear", "bicubic":
        rows, columns = s[kind + "_rows"], s[kind + "_columns"] = matrix(kind, h, H, **kernel_of), matrix(kind, w, W, **kernel_of)
        grid = p[1:].reshape(w, h, -1).swapaxes(0, 1) if how == "turned" else p[1:].reshape(h, w, -1)
        if how == "all":
            s[kind] = matrix(kind, len(p), 1 + H * W) @ p
        elif how == "line":
            s[kind] = np.concatenate([p[:1], matrix(kind, h * w, H * W) @ p[1:]])
        else:
            s[kind] = np.concatenate([p[:1], np.einsum("ih,hwd,jw->ijd", rows, grid, columns).reshape(H * W, -1)])
    return s


right("positions_resized", positions_resized)
for id, how in {"positions-align-corners": dict(at=lambda i, n, m: i * (n - 1) / (m - 1)),
                "positions-without-half": dict(at=lambda i, n, m: i * n / m), "positions-cubic-half": dict(a=-0.5),
                "positions-edges-lost": dict(edges=False),
                "positions-antialias": dict(a=-0.5, edges=False, whole=True), "positions-class-row-resized": dict(how="all"),
                "positions-flattened": dict(how="line"), "positions-grid-turned": dict(how="turned")}.items():
    mistake("positions_resized", id, lambda g, how=how: positions_resized(g, **how))


def patch_resize(g, gain=lambda k: k * k, inverse=True):
    w, P, new = g["w_patch"], g["P"], g["new_P"]
    R = matrix("bilinear", P, new)
    back = np.linalg.pinv(R)
    picture = R @ w @ R.T
    return {"resize": R, "inverse": back, "as_picture": picture, "over_gain": picture / gain(new / P),
            "pseudo_inverse": back.T @ w @ back if inverse else picture}


right("patch_resize", patch_resize)
mistake("patch_resize", "patch-resize-gain-once", lambda g: patch_resize(g, gain=lambda k: k))
mistake("patch_resize", "patch-resize-gain-forgotten", lambda g: patch_resize(g, gain=lambda k: 1))
mistake("patch_resize", "patch-resize-no-inverse", lambda g: patch_resize(g, inverse=False))


# ---- Tokens ----

def rollout(g, step=lambda A: A / 2 + np.eye(len(A)) / 2, heads=lambda w: w.mean(0), turned=False):
    R, found = np.eye(g["weights"].shape[-1]), []
    for w in g["weights"]:
        A = step(heads(w))
        R = R @ A if turned else A @ R
        found.append(R)
    return {"rollout": np.stack(found)}


right("rollout", rollout)
mistake("rollout", "rollout-reversed", lambda g: rollout(g, turned=True))
mistake("rollout", "rollout-without-residual", lambda g: rollout(g, step=lambda A: A))
mistake("rollout", "rollout-not-normalised", lambda g: rollout(g, step=lambda A: A + np.eye(len(A))))
mistake("rollout", "rollout-largest-head", lambda g: rollout(g, heads=lambda w: w.max(0)))


def packed(g, sees=lambda t, s: t == s):
    p = g["picture"]
    s = block(g, g["x"], "", 1e-6, sees(p[:, None], p[None]))
    return {"weights": s["weights"], "after_attention": s["after_attention"], "out": s["after_mlp"]}


right("packed", packed)
mistake("packed", "packed-one-sided", lambda g: packed(g, lambda t, s: t >= s))
mistake("packed", "packed-not-masked", lambda g: packed(g, lambda t, s: t == t + 0 * s))
mistake("packed", "packed-inverted", lambda g: packed(g, lambda t, s: t != s))


def merge(g, unit=True, kept=True, sign=1, plain=False, ones=False):
    x, size, keys, r = g["x"], g["size"], g["keys"], g["r"]
    keys = keys / np.linalg.norm(keys, axis=-1, keepdims=True) if unit else keys
    into = np.arange(len(x))
    even = [t for t in range(0, len(x), 2) if t >= g["kept"] or not kept]
    like = {t: max((keys[t] @ keys[s], s) for s in range(1, len(x), 2)) for t in even}
    for t in sorted(even, key=lambda t: -sign * like[t][0])[:r]:
        into[t] = like[t][1]
    out, sizes = [], []
    for t in np.flatnonzero(into == np.arange(len(x))):
        of = into == t
        weight = np.ones(of.sum()) if plain else size[of]
        out.append(weight @ x[of] / weight.sum())
        sizes.append(1.0 if ones else size[of].sum())
    return {"into": into, "merged": np.array(out), "merged_size": np.array(sizes)}


right("merge", merge)
mistake("merge", "merge-sizes-not-added", lambda g: merge(g, ones=True))
mistake("merge", "merge-plain-mean", lambda g: merge(g, plain=True))
mistake("merge", "merge-class-merged", lambda g: merge(g, kept=False))
mistake("merge", "merge-dot-product", lambda g: merge(g, unit=False))
mistake("merge", "merge-least-alike", lambda g: merge(g, sign=-1))

run("vit")
