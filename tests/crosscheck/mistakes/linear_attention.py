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

def recurrent(g, read="after", z_read="after", overwrite="", z_axis="positions", divide=True, query_z=True, key_z=True, own=True, forwards=False,
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
        out.append(over(n, c[..., None]) if divide else n)
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
mistake("recurrent", "recurrent-normaliser-left-out", lambda g: recurrent(g, divide=False), "phi_q phi_k state z normaliser out loss")


def sloped(slope):
    return MAPS["elu"][0], slope


for name, how in {
        "queries-scaled": {"q_scale": ROOT}, "keys-scaled": {"k_scale": ROOT}, "elu-without-1": {"phi": less("elu", -1)},
        "relu": {"phi": "relu"}, "read-before-write": {"read": "before"}, "z-one-late": {"z_read": "before"},
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
        ("queries-scaled", None, {"q_scale": ROOT}), ("elu-without-1", None, {"phi": less("elu", -1)}), ("one-row-too-many", ANSWERS, {"extra": 1}),
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


# ---- A text in pieces ----

def continued(g, S_kept=True, z_kept=True, kept_after=True, last_chunk=True):
    p, v, n, C = Features(g), g["v"], g["prompt"], g["chunk"]

    def states(end):
        """S and z of the first positions; end: how many."""
        return p.k[:, :, :end].swapaxes(-1, -2) @ v[:, :, :end], p.k[:, :, :end].sum(2)

    def answers(S, z, q, k, w):
        """A piece: all pairs of it, and the state."""
        P = np.tril(q @ k.swapaxes(-1, -2))
        return (q @ S + P @ w) / ((q * z[:, :, None]).sum(-1) + P.sum(-1))[..., None]

    S, z = states(n if last_chunk else n - 1 - (n - 1) % C)
    zeros = np.zeros_like(S), np.zeros_like(z)
    out = {"out_prompt": answers(*zeros, p.q[:, :, :n], p.k[:, :, :n], v[:, :, :n]), "state_prompt": S, "z_prompt": z}
    after = []
    for t in range(n, v.shape[2]):
        S, z = S if S_kept else zeros[0], z if z_kept else zeros[1]
        row = slice(t, t + 1)
        after.append(answers(S, z, p.q[:, :, row], p.k[:, :, row], v[:, :, row])[:, :, 0])
        if kept_after and last_chunk:
            S, z = S + p.k[:, :, row].swapaxes(-1, -2) @ v[:, :, row], z + p.k[:, :, t]
    return {"phi_q": p.q, "phi_k": p.k, **out, "out_after": np.stack(after), "state": S, "z": z}


right("continued", continued)
for name, how in {"z-forgotten": {"z_kept": False}, "state-forgotten": {"S_kept": False},
                  "prompt-state-only": {"kept_after": False}, "without-last-chunk": {"last_chunk": False}}.items():
    mistake("continued", "continued-" + name, lambda g, how=how: continued(g, **how))
mistake("continued", "continued-state-not-handed-over", lambda g: continued(g, S_kept=False, z_kept=False), "phi_q phi_k out_prompt out_after")


# ---- Efficient attention, causal ----

def efficient_causal(g, rho_of=softmax, divide="each", count=np.exp, add=True):
    rho, e, v = rho_of(g["q"]), np.exp(g["k"]), g["v"]
    pairs = e[..., None] * v[:, :, :, None]
    S = pairs.cumsum(2) if add else pairs
    z = count(g["k"]).cumsum(2)
    if divide == "each":
        out = np.einsum("bhtf,bhtfm->bhtm", rho / z, S)
    else:
        out = np.einsum("bhtf,bhtfm->bhtm", rho, S) / ((rho * z).sum(-1, keepdims=True) if divide == "one" else 1)
    return {"rho_q": softmax(g["q"]), "e": e, "state": np.moveaxis(S, 2, 0), "z": np.moveaxis(z, 2, 0), "out": out}


right("efficient_causal", efficient_causal)
for name, how in {"divided-by-one-sum": {"divide": "one"}, "not-divided": {"divide": "nothing"},
                  "query-not-softmaxed": {"rho_of": lambda q: q}, "mean": {"count": np.ones_like}, "last-only": {"add": False}}.items():
    mistake("efficient_causal", "efficient-causal-" + name, lambda g, how=how: efficient_causal(g, **how))


# ---- Decay and the delta rule, with their gradients ----

def decay(g, gamma_of=lambda gamma: gamma, new=lambda gamma: 1, read="after", back="next", dgamma="all", carry=True):
    q, k, v, gamma, dout = g["q"], g["k"], g["v"], g["gamma"], g["loss_weight"]
    T, factor = q.shape[2], gamma_of(gamma)
    S, states, out = np.zeros((*q.shape[:2], q.shape[3], v.shape[3])), [], []
    for t in range(T):
        before = factor[:, :, t, None, None] * S
        S = before + (new(gamma) * np.ones_like(gamma))[:, :, t, None, None] * k[:, :, t, :, None] * v[:, :, t, None]
        states.append(S)
        out.append(np.einsum("bhfm,bhf->bhm", S if read == "after" else before, q[:, :, t]))
    dS, dq, dk, dv, dg, dstates = np.zeros_like(S), np.zeros_like(q), np.zeros_like(k), np.zeros_like(v), np.zeros_like(gamma), [None] * T
    for t in reversed(range(T)):
        own = q[:, :, t, :, None] * dout[:, :, t, None]
        through = {"next": gamma[:, :, t + 1, None, None] if t + 1 < T else 1, "own": gamma[:, :, t, None, None], "none": 1}[back]
        dS = through * dS * carry + own
        dstates[t] = dS
        before = states[t - 1] if t else 0 * S
        dq[:, :, t] = np.einsum("bhfm,bhm->bhf", states[t], dout[:, :, t])
        dk[:, :, t] = np.einsum("bhfm,bhm->bhf", dS, v[:, :, t])
        dv[:, :, t] = np.einsum("bhfm,bhf->bhm", dS, k[:, :, t])
        dg[:, :, t] = ((own if dgamma == "own" else dS) * (states[t] if dgamma == "new" else before)).sum((-1, -2))
    out = np.stack(out, 2)
    return {"state": np.stack(states), "out": out, "loss": (out * dout).sum(), "dstate": np.stack(dstates), "dgamma": dg,
            "dq": dq, "dk": dk, "dv": dv}


def late(gamma):
    return np.concatenate([gamma[:, :, :1], gamma[:, :, :-1]], 2)


FORWARDS = "state out loss"
right("decay", decay)
for name, only, how in [
        ("left-out", FORWARDS, {"gamma_of": np.ones_like}), ("of-new-pair-too", FORWARDS, {"new": lambda gamma: gamma}),
        ("one-minus-gamma", FORWARDS, {"gamma_of": lambda gamma: 1 - gamma}), ("mixed", FORWARDS, {"new": lambda gamma: 1 - gamma}),
        ("gamma-of-first", FORWARDS, {"gamma_of": lambda gamma: np.broadcast_to(gamma[:, :, :1], gamma.shape)}),
        ("gamma-one-late", FORWARDS, {"gamma_of": late}), ("read-before-write", FORWARDS, {"read": "before"}),
        ("backward-left-out", None, {"back": "none"}), ("backward-own-gamma", None, {"back": "own"}),
        ("backward-dgamma-new-state", None, {"dgamma": "new"}), ("backward-dgamma-own-answer", None, {"dgamma": "own"}),
        ("backward-own-step-only", None, {"carry": False})]:
    mistake("decay", "decay-" + name, lambda g, how=how: decay(g, **how), only)


def delta(g, miss_of=lambda v, r, beta: v - r, asks="k", written=lambda beta: beta, read="after", through=True, key_miss=-1, key_state="before",
          miss_beta=True, dbeta="miss", carry=True):
    q, k, v, beta, dout = g["q"], g["k"], g["v"], g["beta"], g["loss_weight"]
    T = q.shape[2]
    S, states, misses, out = np.zeros((*q.shape[:2], q.shape[3], v.shape[3])), [], [], []
    for t in range(T):
        before = S
        r = np.einsum("bhfm,bhf->bhm", S, g[asks][:, :, t])
        miss = miss_of(v[:, :, t], r, beta[:, :, t, None])
        S = S + written(beta)[:, :, t, None, None] * k[:, :, t, :, None] * miss[:, :, None]
        states, misses = states + [S], misses + [miss]
        out.append(np.einsum("bhfm,bhf->bhm", S if read == "after" else before, q[:, :, t]))
    dS, dq, dk, db, dstates, dmisses = np.zeros_like(S), np.zeros_like(q), np.zeros_like(k), np.zeros_like(beta), [None] * T, [None] * T
    for t in reversed(range(T)):
        dS = dS * carry + q[:, :, t, :, None] * dout[:, :, t, None]
        dstates[t], before = dS, states[t - 1] if t else 0 * S
        answered = np.einsum("bhfm,bhf->bhm", dS, k[:, :, t])
        dmiss = answered * (beta[:, :, t, None] if miss_beta else 1)
        dmisses[t] = dmiss
        db[:, :, t] = (answered * (misses[t] if dbeta == "miss" else v[:, :, t])).sum(-1)
        dq[:, :, t] = np.einsum("bhfm,bhm->bhf", states[t], dout[:, :, t])
        dk[:, :, t] = beta[:, :, t, None] * np.einsum("bhfm,bhm->bhf", dS, misses[t]) \
            + key_miss * np.einsum("bhfm,bhm->bhf", before if key_state == "before" else states[t], dmiss)
        if through:
            dS = dS - k[:, :, t, :, None] * dmiss[:, :, None]
    out = np.stack(out, 2)
    return {"miss": np.stack(misses, 2), "state": np.stack(states), "out": out, "loss": (out * dout).sum(), "dstate": np.stack(dstates),
            "dmiss": np.stack(dmisses, 2), "dbeta": db, "dq": dq, "dk": dk, "dv": np.stack(dmisses, 2)}


right("delta", delta)
WITH_MISS = "miss state out loss"
for name, only, how in [
        ("sum", WITH_MISS, {"miss_of": lambda v, r, beta: v}), ("sign", WITH_MISS, {"miss_of": lambda v, r, beta: v + r}),
        ("asks-with-query", WITH_MISS, {"asks": "q"}), ("beta-left-out", WITH_MISS, {"written": np.ones_like}),
        ("beta-of-value-only", FORWARDS, {"miss_of": lambda v, r, beta: v - r / beta}),
        ("beta-squared", WITH_MISS, {"written": lambda beta: beta ** 2}), ("read-before-write", WITH_MISS, {"read": "before"}),
        ("backward-state-without-miss", None, {"through": False}), ("backward-key-without-miss", None, {"key_miss": 0}),
        ("backward-key-new-state", None, {"key_state": "new"}), ("backward-miss-without-beta", None, {"miss_beta": False}),
        ("backward-dbeta-value", None, {"dbeta": "value"}), ("backward-key-miss-sign", None, {"key_miss": 1}),
        ("backward-own-step-only", None, {"carry": False})]:
    mistake("delta", "delta-" + name, lambda g, how=how: delta(g, **how), only)

run("linear_attention")
