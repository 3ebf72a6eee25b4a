"""Chapter performer in NumPy, from the text's formulas, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run

# What a mistake of the features changes, without the gradients.
STEPS = "projection_q projection_k exponent_q exponent_k phi_q phi_k log_phi_q log_phi_k kernel normaliser weights numerator out loss"


def features(g, x, key, kind, scale=None, square=0.5, half=None, norm=None, stabilised=False, eps=None,
             eps_behind=False, maximum="own", before=False, order="blocks", waves="both", cycle=1.0, raise_by=1.0,
             second=-1, ramp=lambda a: np.maximum(a, 0)):
    """phi(x) with its steps, and a function from dphi to (dexponent or None, dx)."""
    w, d = g["w"], x.shape[-1]
    scale = d ** -0.25 if scale is None else scale(key) if callable(scale) else scale
    y, m = x * scale, len(w)
    a = y @ w.T
    h = square * (y * y).sum(-1, keepdims=True) if half is None else half(y)
    F = m if kind in ("positive", "relu") else 2 * m
    norm = (m if kind in ("positive", "relu", "trigonometric") else F) ** -0.5 if norm is None else norm(m)
    name = "k" if key else "q"
    steps = {"projection_" + name: a}

    def x_gradient(da, dh):
        return scale * (da @ w) + 2 * square * scale ** 2 * dh * x

    if kind == "relu":
        steps["phi_" + name] = norm * ramp(a)
        return steps, lambda dphi: (None, x_gradient(norm * dphi * (a > 0), 0))
    if kind == "trigonometric":
        size = norm * np.exp(raise_by * h)
        c, s = size * np.cos(cycle * a), size * np.sin(cycle * a)
        if waves == "cosines":
            s = 0 * s
        phi = {"blocks": np.concatenate([c, s], -1), "exchanged": np.concatenate([s, c], -1),
               "side by side": np.stack([c, s], -1).reshape(len(x), -1)}[order]
        steps["phi_" + name] = phi
        return steps, lambda dphi: (None, x_gradient(c * dphi[:, m:] - s * dphi[:, :m], (phi * dphi).sum(-1, keepdims=True)))
    exponent = a - h
    if kind == "hyperbolic":
        other = -a - h if second == -1 else -(a - h)
        exponent = np.concatenate([exponent, other], -1) if order == "blocks" else np.stack([exponent, other], -1).reshape(len(x), -1)
    of = exponent + h if before else exponent
    top = 0
    if stabilised:
        top = of.max(-1, keepdims=True)
        if key and maximum == "own" or maximum == "one":
            top = of.max()
        if key and maximum == "feature":
            top = of.max(0, keepdims=True)
    eps = g.get("eps", 0.0) if eps is None else eps
    power = np.exp(exponent - top)
    phi = norm * power + eps if eps_behind else norm * (power + eps)
    steps |= {"exponent_" + name: exponent, "phi_" + name: phi}
    if stabilised:
        steps["log_phi_" + name] = np.log(phi)

    def backward(dphi):
        dexponent = norm * power * dphi
        if stabilised:
            for group in ([np.s_[:]] if key else [np.s_[i:i + 1] for i in range(len(x))]):
                part = dexponent[group]
                part[np.unravel_index(exponent[group].argmax(), part.shape)] -= part.sum()
        da = dexponent[:, :m] - (dexponent[:, m:] if kind == "hyperbolic" else 0)
        return dexponent, x_gradient(da, -dexponent.sum(-1, keepdims=True))
    return steps, backward


def attention(g, kind="positive", causal=False, seen=None, divide=np.divide, over=None, gradients=True,
              through_divisor=True, through_norm=True, zeroed=False, keys=None, **how):
    q, k, v = g["q"], g["k"], g["v"]
    steps, back_q = features(g, q, False, kind, **how)
    more, back_k = features(g, k * g["keep"][:, None] if zeroed else k, True, kind, **{**how, **(keys or {})})
    steps |= more
    phi_q, phi_k = steps["phi_q"], steps["phi_k"]
    kernel = steps["kernel"] = phi_q @ phi_k.T
    mask = np.tril(np.ones(kernel.shape)) if causal else np.ones(kernel.shape) * g.get("keep", 1)
    mask = mask if seen is None else seen(mask)
    kernel = kernel * mask
    counted = steps["kernel"] if over == "all" else np.tril(kernel, -1) if over == "before" else kernel
    normaliser, numerator = counted.sum(-1, keepdims=True), kernel @ v
    weights = divide(kernel, normaliser)
    out = weights @ v if causal or "keep" in g else divide(numerator, normaliser)
    steps |= {"normaliser": normaliser, "weights": weights, "numerator": numerator, "out": out,
              "loss": (out * g["loss_weight"]).sum()}
    if causal:
        steps |= {"state": np.einsum("tf,te->tfe", phi_k, v).cumsum(0), "z": phi_k.cumsum(0)}
    if gradients:
        dnumerator = g["loss_weight"] / normaliser
        dnormaliser = -(out * g["loss_weight"]).sum(-1, keepdims=True) / normaliser * through_divisor
        dkernel = (dnumerator @ v.T + dnormaliser) * mask
        dphi_q, dphi_k = dkernel @ phi_k, dkernel.T @ phi_q
        steps |= {"dphi_q": dphi_q, "dphi_k": dphi_k, "dv": kernel.T @ dnumerator}
        for name, back, dphi in (("q", back_q, dphi_q), ("k", back_k, dphi_k)):
            dexponent, dx = back(dphi)
            if dexponent is not None:
                steps["dexponent_" + name] = dexponent
            if not through_norm:
                dx = dx + dexponent.sum(-1, keepdims=True) * g[name] / g[name].shape[-1] ** 0.5
            steps["d" + name] = dx
    return steps


def at(case, **settled):
    """Notes a right program and gives a function that notes mistakes of it."""
    right(case, lambda g: attention(g, **settled))

    def note(ids, only=None, **wrong):
        mistake(case, ids, lambda g: attention(g, **{**settled, **wrong}), only)
    return note


positive = at("positive")
positive("positive-scale-on-queries", scale=lambda key: 1 if key else 5 ** -0.5)
positive("positive-scale-twice", scale=5 ** -0.5)
positive("positive-not-scaled", scale=1)
positive("positive-norm-left-out", square=0)
positive("positive-norm-added", square=-0.5)
positive("positive-norm-not-scaled", square=0.5 * 5 ** 0.5)
positive("positive-norm-not-halved", square=1)
positive("positive-norm-not-squared", STEPS, half=lambda y: np.sqrt((y * y).sum(-1, keepdims=True)) / 2)
positive("positive-features-over-m", norm=lambda m: 1 / m)
positive("positive-features-not-divided", norm=lambda m: 1)
positive("positive-divisor-multiplied", STEPS, divide=np.multiply)
positive("positive-not-normalised", STEPS, divide=lambda x, y: x)
positive("positive-gradient-without-divisor", through_divisor=False)
positive("positive-gradient-without-norm", through_norm=False)

hyperbolic = at("hyperbolic", kind="hyperbolic")
hyperbolic("hyperbolic-norm-sqrt-m", norm=lambda m: m ** -0.5)
hyperbolic("hyperbolic-norm-negated", STEPS, second=1)
hyperbolic("hyperbolic-interleaved", STEPS, order="side by side")

trigonometric = at("trigonometric", kind="trigonometric")
trigonometric("trigonometric-norm-sqrt-2m", norm=lambda m: (2 * m) ** -0.5)
trigonometric("trigonometric-2-pi", STEPS, cycle=2 * np.pi)
trigonometric("trigonometric-norm-subtracted", STEPS, raise_by=-1)
trigonometric("trigonometric-norm-left-out", STEPS, raise_by=0)
trigonometric("trigonometric-sines-first", STEPS, order="exchanged")
trigonometric("trigonometric-interleaved", STEPS, order="side by side")
trigonometric("trigonometric-cosines-only", STEPS, waves="cosines")

relu = at("relu", kind="relu")
relu("relu-not-scaled", scale=1)
relu("relu-features-not-divided", norm=lambda m: 1)
relu("relu-absolute-value", STEPS, ramp=np.abs)

plain = at("stabilised_eps_0", stabilised=True)
plain("stabilised-not", "phi_q phi_k kernel normaliser weights numerator out", stabilised=False)
plain("stabilised-maximum-of-each-feature", STEPS, maximum="feature")
plain("stabilised-eps-added", STEPS, eps=1e-4)

small = at("stabilised_eps_1e-6", stabilised=True)
small("eps-left-out", eps=0.0)
small("eps-1e-4", eps=1e-4)
small("eps-after-the-factor", eps_behind=True)
small("stabilised-maximum-of-all-queries", STEPS, maximum="one")
small("eps-maximum-before-norm", STEPS, before=True)
small("stabilised-key-maximum-of-each", STEPS, keys={"maximum": "each"})

causal = at("causal", causal=True)
causal("causal-normaliser-over-all", STEPS, over="all")
causal("causal-mask-strict", STEPS, seen=lambda mask: np.tril(mask, -1))
causal("causal-one-ahead", STEPS, seen=lambda mask: np.tril(np.ones(mask.shape), 1))
causal("causal-mask-transposed", STEPS, seen=np.transpose)
causal("causal-mask-ignored", STEPS, seen=np.ones_like)
causal("causal-normaliser-one-behind", STEPS, over="before")
causal("causal-not-normalised", STEPS, divide=lambda x, y: x)
causal("causal-divisor-multiplied", STEPS, divide=np.multiply)

padded = at("padded")
padded("padded-keys-zeroed-before-map", STEPS, zeroed=True, seen=np.ones_like)
padded("padded-normaliser-over-all", STEPS, over="all")
padded("padded-ignored", STEPS, seen=np.ones_like)
padded("padded-inverted", STEPS, seen=lambda mask: 1 - mask)
padded("padded-queries-masked", STEPS, seen=np.transpose)


# ---- The random matrix ----

def orthogonal(g, of=lambda b: b, signs="columns", rows=False, lengths=None, one=False):
    gaussian, norm = g["gaussian"], g["norm"]
    d, directions = gaussian.shape[1], []
    for block in gaussian.reshape(-1, d, d):
        q, r = np.linalg.qr(of(gaussian[:d] if one else block))
        sign = np.sign(np.diag(r))
        q = q * (sign if signs == "columns" else sign[:, None] if signs == "rows" else 1)
        directions.append(q if rows else q.T)
    directions = np.concatenate(directions)[:len(norm)]
    lengths = norm if lengths is None else lengths(norm, d)
    return {"directions": directions, "w": directions * np.reshape(lengths, (-1, 1))}


right("orthogonal", orthogonal)
for ids, wrong in {
        "orthogonal-length-sqrt-d": {"lengths": lambda norm, d: np.sqrt(d) + 0 * norm},
        "orthogonal-one-length": {"lengths": lambda norm, d: norm[0] + 0 * norm},
        "orthogonal-over-sqrt-blocks": {"lengths": lambda norm, d: norm / np.sqrt(len(norm) / d)},
        "orthogonal-unit-over-sqrt-blocks": {"lengths": lambda norm, d: 1 / np.sqrt(len(norm) / d) + 0 * norm},
        "orthogonal-lengths-of-first-block": {"lengths": lambda norm, d: norm[np.arange(len(norm)) % d]},
        "orthogonal-unit-rows": {"lengths": lambda norm, d: 1 + 0 * norm},
        "orthogonal-signs-of-routine": {"signs": "none"},
        "orthogonal-rows-of-q": {"rows": True},
        "orthogonal-transposed-block": {"of": np.transpose},
        "orthogonal-one-block": {"one": True}}.items():
    mistake("orthogonal", ids, lambda g, wrong=wrong: orthogonal(g, **wrong))


def lemma(g, m=None, once=False, half=0.5, of_sum=False, over=2 * np.pi, turned=lambda t: np.pi - t):
    x, y = g["x"], g["y"]
    m = g["m"] if m is None else m
    kernel, plus, minus = (x * y).sum(-1), ((x + y) ** 2).sum(-1), ((x - y) ** 2).sum(-1)
    positive = np.exp(plus + (1 if once else 2) * kernel) * (1 - np.exp(-plus)) / m
    sizes = np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    t = np.arccos(kernel / sizes)
    return {"mse_positive": positive, "mse_hyperbolic": half * positive * (1 - np.exp(-plus)),
            "mse_trigonometric": np.exp(plus - 2 * kernel) * (1 - np.exp(-(plus if of_sum else minus))) ** 2 / (2 * g["m"]),
            "arc_cosine": sizes * (np.sin(t) + turned(t) * np.cos(t)) / over}


right("lemma", lemma)
for ids, wrong in {"lemma-without-m": {"m": 1}, "lemma-kernel-once": {"once": True}, "lemma-hyperbolic-not-halved": {"half": 1},
                   "lemma-trigonometric-of-sum": {"of_sum": True}, "arc-cosine-over-pi": {"over": np.pi},
                   "arc-cosine-angle": {"turned": lambda t: t}}.items():
    mistake("lemma", ids, lambda g, wrong=wrong: lemma(g, **wrong))

run("performer")
