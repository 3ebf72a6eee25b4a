"""Chapter linear_attention in NumPy, from the text's formulas, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def over(x, total):
    """x / total, 0 where the total is 0."""
    return np.where(total == 0, 0, x / np.where(total == 0, 1, total))


# ---- Feature maps: phi(x), and dx of dphi ----

def taylor(x, one=1.0, divide=lambda n: n):
    n = divide(np.linalg.norm(x, axis=-1, keepdims=True))
    return np.concatenate([np.full_like(x[..., :1], one), x / n], -1)


def taylor_back(x, y, dy, projected=True, divided=True):
    u, du = y[..., 1:], dy[..., 1:]
    dx = du - u * (u * du).sum(-1, keepdims=True) if projected else du
    return dx / np.linalg.norm(x, axis=-1, keepdims=True) if divided else dx


MAPS = {"elu": (lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))), lambda x, y, dy: np.where(x > 0, 1, y) * dy),
        "relu": (lambda x: np.maximum(x, 0), lambda x, y, dy: (x > 0) * dy), "exp": (np.exp, lambda x, y, dy: y * dy),
        "taylor": (taylor, taylor_back), "none": (lambda x: x, lambda x, y, dy: dy),
        "softmax": (softmax, lambda x, y, dy: y * (dy - (y * dy).sum(-1, keepdims=True)))}


def less(name, what):
    """A map and a constant: its gradient is that of the map."""
    f, back = MAPS[name]
    return lambda x: f(x) + what, lambda x, y, dy: back(x, y - what, dy)


class Features:
    """phi_q and phi_k of a case, and the way back."""

    def __init__(self, g, phi="elu", q_scale=1, k_scale=1, keep=None, keep_q=None):
        self.g, self.scales = g, (q_scale, k_scale)
        self.f, self.back = MAPS[phi] if isinstance(phi, str) else phi
        self.x = [g["q"] * q_scale, g["k"] * k_scale]
        S = g["k"].shape[2]
        if keep is None and "length" in g:
            keep = np.arange(S) < g["length"][:, None]
        self.keep = [1 if k is None else k[:, None, :, None] for k in (keep_q, keep)]
        self.raw = [self.f(x) for x in self.x]
        self.q, self.k = (y * k for y, k in zip(self.raw, self.keep))

    def gradients(self, dq, dk):
        d = [self.back(x, y, dy * keep) * s for x, y, dy, keep, s in zip(self.x, self.raw, (dq, dk), self.keep, self.scales)]
        return {"dphi_q": dq, "dphi_k": dk, "dq": d[0], "dk": d[1]}


ROOT = 8 ** -0.5  # 1 / sqrt(d)


# ---- All pairs ----

def parallel(g, mask=np.tril, total_of=None, values=MAPS["none"], normalised=True, masked_after=False, **how):
    p = Features(g, **how)
    T = p.q.shape[2]
    M = mask(np.ones((T, T)))
    scores, v, dout = p.q @ p.k.swapaxes(-1, -2), values[0](g["v"]), g["loss_weight"]
    w = scores * M
    total = (w if total_of is None else total_of(scores, w)).sum(-1, keepdims=True)
    sums = w @ v
    c = total + g["eps"] if normalised else np.ones_like(total)
    if masked_after:
        c = scores.sum(-1, keepdims=True)
    out = over(sums, c)
    dsums = over(dout, c)
    dtotal = -over((dout * out).sum(-1, keepdims=True), c) if normalised else 0 * total
    if total_of is None or masked_after:
        spread = np.broadcast_to(dtotal, w.shape)
    else:
        spread = 0
    if masked_after:
        dweights, dscores = 0 * w, (dsums @ v.swapaxes(-1, -2)) * M + spread
    else:
        dweights = dsums @ v.swapaxes(-1, -2) + spread
        dscores = dweights * M
        if total_of == "all":
            dscores = dscores + dtotal
    steps = {"phi_q": p.q, "phi_k": p.k, "weights": w, "total": total, "sums": sums, "out": out, "loss": (out * dout).sum()}
    return {**steps, "dsums": dsums, "dtotal": dtotal, "dweights": dweights,
            **p.gradients(dscores @ p.k, dscores.swapaxes(-1, -2) @ p.q),
            "dv": values[1](g["v"], v, w.swapaxes(-1, -2) @ dsums)}


FORWARD = "phi_q phi_k weights total sums out loss"
right("parallel", parallel)


def par(id, only=None, **how):
    mistake("parallel", id, lambda g: parallel(g, **how), only)


par("parallel-normaliser-left-out", normalised=False)
par("parallel-normaliser-over-all-keys", FORWARD, total_of=lambda s, w: s)
par("parallel-masked-after-division", "phi_q phi_k weights total out loss dq dk dv", masked_after=True)
par("parallel-values-mapped", values=MAPS["elu"])
par("parallel-queries-scaled", q_scale=ROOT)
par("parallel-keys-scaled", k_scale=ROOT)
par("parallel-not-masked", mask=lambda m: m)
par("parallel-mask-strict", mask=lambda m: np.tril(m, -1))
par("parallel-mask-upper", mask=np.triu)
par("parallel-columns-normalised", FORWARD, total_of=lambda s, w: w.swapaxes(-1, -2))
par("parallel-elu-without-1", phi=less("elu", -1))
par("parallel-relu", phi="relu")
par("parallel-exp", phi="exp")
par("parallel-softmax-map", phi="softmax")
par("parallel-without-map", phi="none")


# ---- Step by step ----

def recurrent(g, read="after", z_read="after", overwrite="", z_axis="positions", query_z=True, key_z=True, own=True, forwards=False,
              query_state=0, dnormaliser=lambda dout, out, c: -over((dout * out).sum(-1), c), dnumerator=over, **how):
    p, v, dout, eps = Features(g, **how), g["v"], g["loss_weight"], g["eps"]
    T = p.q.shape[2]
    S, z = np.zeros_like(p.k[:, :, 0, :, None] * v[:, :, 0, None]), np.zeros_like(p.k[:, :, 0])
    states, sums, normaliser, out = [], [], [], []
    for t in range(T):
        before, z_before = S, z
        new, key = p.k[:, :, t, :, None] * v[:, :, t, None], p.k[:, :, t]
        S = new if overwrite == "S" else S + new
        z = key if overwrite == "z" else z + key
        if z_axis == "heads":
            z = key.cumsum(1)
        of, z_of = (S if read == "after" else before), (z if read == z_read == "after" else z_before)
        c = (z_of * p.q[:, :, t]).sum(-1) + eps
        n = np.einsum("bhfm,bhf->bhm", of, p.q[:, :, t])
        out.append(over(n, c[..., None]))
        states, sums, normaliser = states + [S], sums + [z], normaliser + [c]
    out, c = np.stack(out, 2), np.stack(normaliser, 2)
    dn, dc = dnumerator(dout, c[..., None]), dnormaliser(dout, out, c)
    dS, dz = np.zeros_like(S), np.zeros_like(z)
    dstates, dzs = [None] * T, [None] * T
    dphi_q, dphi_k, dv = np.zeros_like(p.q), np.zeros_like(p.k), np.zeros_like(v)
    for t in (range(T) if forwards else reversed(range(T))):
        at = states[t - query_state] if t >= query_state else 0 * S
        dphi_q[:, :, t] = np.einsum("bhfm,bhm->bhf", at, dn[:, :, t]) + (sums[t] * dc[:, :, t, None] if query_z else 0)
        later, z_later = dS, dz
        dS = dS + p.q[:, :, t, :, None] * dn[:, :, t, None]
        dz = dz + p.q[:, :, t] * dc[:, :, t, None]
        dstates[t], dzs[t] = dS, dz
        use, z_use = (dS, dz) if own else (later, z_later)
        dphi_k[:, :, t] = np.einsum("bhfm,bhm->bhf", use, v[:, :, t]) + (z_use if key_z else 0)
        dv[:, :, t] = np.einsum("bhfm,bhf->bhm", use, p.k[:, :, t])
    return {"phi_q": p.q, "phi_k": p.k, "state": np.stack(states), "z": np.stack(sums), "normaliser": c, "out": out,
            "loss": (out * dout).sum(), "dnumerator": dn, "dnormaliser": dc, "dstate": np.stack(dstates), "dz": np.stack(dzs),
            **p.gradients(dphi_q, dphi_k), "dv": dv}


right("recurrent", recurrent)


def sloped(slope):
    return MAPS["elu"][0], slope


for name, how in {
        "queries-scaled": {"q_scale": ROOT}, "read-before-write": {"read": "before"}, "z-one-late": {"z_read": "before"},
        "state-overwritten": {"overwrite": "S"}, "z-overwritten": {"overwrite": "z"}, "z-over-heads": {"z_axis": "heads"},
        "backward-query-without-z": {"query_z": False}, "backward-key-without-z": {"key_z": False},
        "backward-without-own-step": {"own": False}, "backward-forwards": {"forwards": True},
        "backward-query-state-before": {"query_state": 1},
        "backward-normaliser-detached": {"dnormaliser": lambda dout, out, c: 0 * c},
        "backward-normaliser-sign": {"dnormaliser": lambda dout, out, c: over((dout * out).sum(-1), c)},
        "backward-normaliser-undivided": {"dnormaliser": lambda dout, out, c: -(dout * out).sum(-1)},
        "backward-numerator-undivided": {"dnumerator": lambda dout, c: dout},
        "slope-1": {"phi": sloped(lambda x, y, dy: dy)}, "slope-phi": {"phi": sloped(lambda x, y, dy: y * dy)},
        "slope-0": {"phi": sloped(lambda x, y, dy: (x > 0) * dy)},
        "slope-elu": {"phi": sloped(lambda x, y, dy: np.where(x > 0, 1, y - 1) * dy)}}.items():
    mistake("recurrent", "recurrent-" + name, lambda g, how=how: recurrent(g, **how))


# ---- In chunks ----

def chunked(g, extra=0, order="answer first", write="add", mask=np.tril, parts="both", divide=True, eps_of=None, values_kept=False,
            pair_normaliser=True, query_z=True, key_z=True, key_normaliser=True, carry=True,
            dnormaliser=lambda dout, out, c: -over((dout * out).sum(-1), c), **how):
    p, v, dout = Features(g, **how), g["v"], g["loss_weight"]
    if values_kept:
        v = v * (np.arange(v.shape[2]) < g["length"][:, None])[:, None, :, None]
    T, C = p.q.shape[2], g["chunk"]
    F, m = p.k.shape[-1], v.shape[-1]
    S, z = np.zeros((*p.q.shape[:2], F, m)), np.zeros((*p.q.shape[:2], F))
    starts = range(0, T, C)
    total, out, Ss, zs = np.zeros(p.q.shape[:3]), np.zeros_like(v), [], []
    if eps_of is None:
        eps_of = lambda total, q, chunk: total + g["eps"]

    def taken(S, z, t, n):
        k, w = p.k[:, :, t:t + n], v[:, :, t:t + n]
        dS = k.swapaxes(-1, -2) @ w
        return (dS if write == "set" else S + dS if write == "add" else S), (z if write == "never" else z + k.sum(2))

    for t in starts:
        n = min(C, T - t)
        rows = slice(t, t + n)
        q, k, w = p.q[:, :, rows], p.k[:, :, rows], v[:, :, rows]
        if order == "write first":
            S, z = taken(S, z, t, n)
        Ss, zs = Ss + [S], zs + [z]
        P = mask(np.ones((n, n))) * (q @ k.swapaxes(-1, -2))
        far, near = (q * z[:, :, None]).sum(-1), P.sum(-1)
        c = eps_of({"both": far + near, "far": far, "near": near}[parts], q, t // C)
        total[:, :, rows] = c
        top = q @ S + P @ w
        out[:, :, rows] = over(top, c[..., None]) if divide else top
        if order == "answer first":
            S, z = taken(S, z, t, min(n + extra, T - t))
    dn, dc = over(dout, total[..., None]), dnormaliser(dout, out, total)
    dphi_q, dphi_k, dv = np.zeros_like(p.q), np.zeros_like(p.k), np.zeros_like(v)
    dS, dz = np.zeros_like(S), np.zeros_like(z)
    for i, t in reversed(list(enumerate(starts))):
        rows = slice(t, t + C)
        q, k, w, a, e = p.q[:, :, rows], p.k[:, :, rows], v[:, :, rows], dn[:, :, rows], dc[:, :, rows, None]
        M = np.tril(np.ones((q.shape[2],) * 2))
        dP = M * (a @ w.swapaxes(-1, -2) + (e if pair_normaliser else 0))
        dphi_q[:, :, rows] = dP @ k + a @ Ss[i].swapaxes(-1, -2) + (e * zs[i][:, :, None] if query_z else 0)
        if not key_normaliser:
            dP = M * (a @ w.swapaxes(-1, -2))
        dphi_k[:, :, rows] = dP.swapaxes(-1, -2) @ q + w @ dS.swapaxes(-1, -2) + (dz[:, :, None] if key_z and key_normaliser else 0)
        dv[:, :, rows] = (M * (q @ k.swapaxes(-1, -2))).swapaxes(-1, -2) @ a + k @ dS
        if carry:
            dS, dz = dS + q.swapaxes(-1, -2) @ a, dz + (q * e).sum(2)
    if values_kept:
        dv = dv * (np.arange(v.shape[2]) < g["length"][:, None])[:, None, :, None]
    return {"phi_q": p.q, "phi_k": p.k, "normaliser": total, "out": out, "loss": (out * dout).sum(), "dnumerator": dn,
            "dnormaliser": dc, **p.gradients(dphi_q, dphi_k), "dv": dv}


PHI = {"chunked": "elu", "eps_1e-6": "elu", "padded": "elu", "relu_features": "relu", "exp_features": "exp", "taylor": "taylor"}
for case, phi in PHI.items():
    right(case, lambda g, phi=phi: chunked(g, phi=phi))
ANSWERS = "phi_q phi_k normaliser out loss"


def chu(case, id, only=None, **how):
    how.setdefault("phi", PHI[case])
    mistake(case, id, lambda g: chunked(g, **how), only)


for name, only, how in [
        ("queries-scaled", None, {"q_scale": ROOT}), ("one-row-too-many", ANSWERS, {"extra": 1}),
        ("normaliser-of-state-only", None, {"parts": "far"}), ("normaliser-of-chunk-only", None, {"parts": "near"}),
        ("state-never-written", ANSWERS, {"write": "never"}), ("state-before-answers", ANSWERS, {"order": "write first"}),
        ("state-overwritten", ANSWERS, {"write": "set"}), ("not-masked", ANSWERS, {"mask": lambda m: m}),
        ("mask-strict", ANSWERS, {"mask": lambda m: np.tril(m, -1)}), ("normaliser-left-out", ANSWERS, {"divide": False}),
        ("backward-pairs-without-normaliser", None, {"pair_normaliser": False}), ("backward-query-without-z", None, {"query_z": False}),
        ("backward-key-without-z", None, {"key_z": False}), ("backward-key-without-normaliser", None, {"key_normaliser": False}),
        ("backward-own-chunk-only", None, {"carry": False}),
        ("backward-normaliser-detached", None, {"dnormaliser": lambda dout, out, c: 0 * c}),
        ("backward-normaliser-sign", None, {"dnormaliser": lambda dout, out, c: over((dout * out).sum(-1), c)})]:
    chu("chunked", "chunked-" + name, only, **how)


def lengths(rule):
    return lambda g: rule(np.arange(g["k"].shape[2]), g["length"][:, None])


for name, keep in {"ignored": lambda s, n: s < n + 99, "one-too-few": lambda s, n: s <= n, "inverted": lambda s, n: s >= n}.items():
    mistake("padded", "padded-" + name, lambda g, keep=keep: chunked(g, keep=lengths(keep)(g)))
mistake("padded", "padded-queries-zero", lambda g: chunked(g, keep_q=lengths(lambda s, n: s < n)(g)))
mistake("padded", "padded-values-only", lambda g: chunked(g, keep=lengths(lambda s, n: s < n + 99)(g), values_kept=True))


def zeros_before_map(g):
    kept = lengths(lambda s, n: s < n)(g)[:, None, :, None]
    changed = {**{n: x for n, x in g.items() if n != "length"}, "k": g["k"] * kept}
    return chunked(changed)


mistake("padded", "padded-zero-before-map", zeros_before_map, ANSWERS)
chu("relu_features", "relu-features-elu", phi="elu")
chu("relu_features", "relu-features-plus-1", phi=less("relu", 1))
chu("relu_features", "relu-features-slope-1", phi=(MAPS["relu"][0], lambda x, y, dy: dy))
chu("exp_features", "exp-features-own-maximum", phi=(lambda x: np.exp(x - x.max(-1, keepdims=True)), MAPS["exp"][1]))
chu("exp_features", "exp-features-elu", phi="elu")
for name, f in {"inside-the-product": lambda total, q, chunk: total + 1e-6 * q.sum(-1), "left-out": lambda total, q, chunk: total,
                "1e-8": lambda total, q, chunk: total + 1e-8, "clamped": lambda total, q, chunk: np.maximum(total, 1e-6),
                "for-each-chunk": lambda total, q, chunk: total + 1e-6 * (chunk + 1)}.items():
    chu("eps_1e-6", "eps-" + name, eps_of=f)
chu("taylor", "taylor-without-1", ANSWERS, phi=(lambda x: taylor(x, 0.0), taylor_back))
chu("taylor", "taylor-not-normalised", ANSWERS, phi=(lambda x: taylor(x, divide=lambda n: 1), taylor_back))
chu("taylor", "taylor-squared-length", ANSWERS, phi=(lambda x: taylor(x, divide=lambda n: n * n), taylor_back))
chu("taylor", "taylor-backward-length-constant", phi=(taylor, lambda x, y, dy: taylor_back(x, y, dy, projected=False)))
chu("taylor", "taylor-backward-undivided", phi=(taylor, lambda x, y, dy: taylor_back(x, y, dy, divided=False)))


# ---- All keys ----

def noncausal(g, divisor="total", values=MAPS["none"], **how):
    p, v, dout = Features(g, **how), values[0](g["v"]), g["loss_weight"]
    state, z = p.k.swapaxes(-1, -2) @ v, p.k.sum(2)[..., None]
    sums, total = p.q @ state, p.q @ z
    c = {"total": total + g["eps"], "nothing": np.ones_like(total), "keys": np.full_like(total, v.shape[2])}[divisor]
    out = sums / c
    dsums = dout / c
    dtotal = -(dout * out).sum(-1, keepdims=True) / c * (divisor == "total")
    dstate, dz = p.q.swapaxes(-1, -2) @ dsums, p.q.swapaxes(-1, -2) @ dtotal
    return {"phi_q": p.q, "phi_k": p.k, "state": state, "z": z, "sums": sums, "total": total, "out": out, "loss": (out * dout).sum(),
            "dsums": dsums, "dtotal": dtotal, "dstate": dstate, "dz": dz,
            **p.gradients(dsums @ state.swapaxes(-1, -2) + dtotal @ z.swapaxes(-1, -2), v @ dstate.swapaxes(-1, -2) + dz.swapaxes(-1, -2)),
            "dv": values[1](g["v"], v, p.k @ dstate)}


right("noncausal", noncausal)
for name, how in {"normaliser-left-out": {"divisor": "nothing"}, "divided-by-keys": {"divisor": "keys"},
                  "queries-scaled": {"q_scale": ROOT}, "values-mapped": {"values": MAPS["elu"]}}.items():
    mistake("noncausal", "noncausal-" + name, lambda g, how=how: noncausal(g, **how))


def efficient(g, q_axis=-1, k_axis=-2, q_scale=1, k_scale=1, out_scale=1):
    q, k, v, dout = softmax(g["q"] * q_scale, q_axis), softmax(g["k"] * k_scale, k_axis), g["v"], g["loss_weight"]
    state = k.swapaxes(-1, -2) @ v
    out = q @ state * out_scale
    dstate, dq = q.swapaxes(-1, -2) @ dout * out_scale, dout @ state.swapaxes(-1, -2) * out_scale
    dk = v @ dstate.swapaxes(-1, -2)

    def back(y, dy, axis, scale):
        return y * (dy - (y * dy).sum(axis, keepdims=True)) * scale

    return {"phi_q": q, "phi_k": k.swapaxes(-1, -2), "state": state, "out": out, "loss": (out * dout).sum(), "dstate": dstate,
            "dphi_q": dq, "dphi_k": dk.swapaxes(-1, -2), "dq": back(q, dq, q_axis, q_scale), "dk": back(k, dk, k_axis, k_scale),
            "dv": k @ dstate}


right("efficient", efficient)
for name, how in {"keys-over-features": {"k_axis": -1}, "queries-over-positions": {"q_axis": -2}, "queries-scaled": {"q_scale": ROOT},
                  "keys-scaled": {"k_scale": ROOT}, "answers-scaled": {"out_scale": ROOT}}.items():
    mistake("efficient", "efficient-" + name, lambda g, how=how: efficient(g, **how))

run("linear_attention")
