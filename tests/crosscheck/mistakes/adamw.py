"""Chapter adamw's known mistakes in NumPy, written from the text's formulas."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run  # noqa: E402


# ---- Momentum ----

def momentum(g, first=lambda h, take: h, take=lambda g: 1 - g["dampening"], step=lambda h, mu, buf: buf, sign=1, in_buf=False):
    w, buf, out = g["w0"].copy(), None, {"buf": [], "w": []}
    for rate, x in zip(g["rate"], g["g"]):
        h = x + sign * g["decay"] * w
        h = rate * h if in_buf else h
        buf = first(h, take(g)) if buf is None else g["momentum"] * buf + take(g) * h
        w = w - (1 if in_buf else rate) * step(h, g["momentum"], buf)
        out["buf"].append(buf)
        out["w"].append(w)
    return {k: np.array(v) for k, v in out.items()}


def nesterov(g, step=lambda h, mu, buf: h + mu * buf):
    return momentum(g, step=step)


right("momentum", momentum)
right("nesterov", nesterov)
mistake("momentum", "momentum-first-dampened", lambda g: momentum(g, first=lambda h, take: take * h))
mistake("momentum", "momentum-dampening-left-off", lambda g: momentum(g, take=lambda g: 1))
mistake("momentum", "momentum-exponential-mean", lambda g: momentum(g, lambda h, take: take * h, lambda g: 1 - g["momentum"]))
mistake("momentum", "momentum-decay-sign", lambda g: momentum(g, sign=-1))
mistake("momentum", "momentum-rate-in-buf", lambda g: momentum(g, in_buf=True))
mistake("nesterov", "nesterov-plain", momentum)
mistake("nesterov", "nesterov-buf-unscaled", lambda g: nesterov(g, lambda h, mu, buf: h + buf))
mistake("nesterov", "nesterov-without-gradient", lambda g: nesterov(g, lambda h, mu, buf: mu * buf))


# ---- Adam ----

def outside(m, part1, v, part2, eps):
    return m / part1 / (np.sqrt(v / part2) + eps)


def adam(g, direction=outside, time=lambda t: t, gradient=lambda g, x, w, rate: x, move=lambda w, pull, step: (1 - pull) * w - step,
         pull=lambda g, rate: 0, first=lambda b, m, x: b * m + (1 - b) * x, second=lambda b, v, x, m: b * v + (1 - b) * x ** 2,
         most=None, gradients=None, hats=True, more=()):
    w, m, v = g["w0"].copy(), np.zeros(len(g["w0"])), np.zeros(len(g["w0"]))
    top, out = np.zeros(len(w)), {name: [] for name in ["m", "v", "w", "m_hat", "v_hat", *more]}
    for t, (rate, x) in enumerate(zip(g["rate"], g["g"] if gradients is None else gradients(g)), 1):
        h = gradient(g, x, w, rate)
        m = first(g["beta1"], m, h)
        v = second(g["beta2"], v, h, m)
        part1, part2 = 1 - g["beta1"] ** time(t), 1 - g["beta2"] ** time(t)
        if most:
            top = most(top, v, part2)
        used = top if most else v
        w = move(w, pull(g, rate), rate * direction(m, part1, used, part2, g["eps"]))
        for name, value in (("m", m), ("v", v), ("w", w), ("h", h), ("m_hat", m / part1), ("v_hat", used / part2)):
            if name in out:
                out[name].append(value)
    return {k: np.array(v) for k, v in out.items() if hats or "hat" not in k}


def eps_hat(m, part1, v, part2, eps):
    return np.sqrt(part2) / part1 * m / (np.sqrt(v) + eps)


right("adam", adam)
right("eps_hat", lambda g: adam(g, eps_hat, hats=False))
right("eps_inside", lambda g: adam(g, lambda m, a, v, b, eps: m / a / np.sqrt(v / b + eps)))
right("uncorrected", lambda g: adam(g, lambda m, a, v, b, eps: m / (np.sqrt(v) + eps), hats=False))
mistake("adam", "means-v-of-sizes", lambda g: adam(g, second=lambda b, v, x, m: b * v + (1 - b) * abs(x)))
mistake("adam", "means-m-gradient-whole", lambda g: adam(g, first=lambda b, m, x: b * m + x))
mistake("adam", "means-v-weights-exchanged", lambda g: adam(g, second=lambda b, v, x, m: (1 - b) * v + b * x ** 2))
mistake("adam", "means-v-of-centred-g", lambda g: adam(g, second=lambda b, v, x, m: b * v + (1 - b) * (x - m) ** 2))
mistake("adam", "correction-t-one-more", lambda g: adam(g, time=lambda t: t + 1))
mistake("adam", "correction-t-stands", lambda g: adam(g, time=lambda t: 1))
mistake("adam", "correction-t-late", lambda g: adam(g, time=lambda t: max(t - 1, 1)))
mistake("adam", "correction-of-m-only", lambda g: adam(g, lambda m, a, v, b, eps: m / a / (np.sqrt(v) + eps)))
mistake("adam", "correction-of-v-only", lambda g: adam(g, lambda m, a, v, b, eps: m / (np.sqrt(v / b) + eps)))
mistake("adam", "correction-outside-root", lambda g: adam(g, lambda m, a, v, b, eps: m / a / (np.sqrt(v) / b + eps)))
mistake("adam", "adam-eps-before-correction", lambda g: adam(g, eps_hat))
mistake("adam", "adam-eps-inside", lambda g: adam(g, lambda m, a, v, b, eps: m / a / np.sqrt(v / b + eps)))
mistake("adam", "adam-no-root", lambda g: adam(g, lambda m, a, v, b, eps: m / a / (v / b + eps)))
mistake("adam", "adam-uphill", lambda g: adam(g, move=lambda w, pull, step: w + step))
mistake("eps_hat", "eps-hat-corrected", lambda g: adam(g, hats=False))
mistake("eps_inside", "eps-inside-squared", lambda g: adam(g, lambda m, a, v, b, eps: m / a / np.sqrt(v / b + eps ** 2)))
mistake("uncorrected", "correction-on", lambda g: adam(g, hats=False))


# ---- Decay ----

def adamw(g, pull=lambda g, rate: rate * g["decay"], **how):
    return adam(g, pull=pull, **how)


def l2(g, gradient=lambda g, x, w, rate: x + g["decay"] * w):
    return adam(g, gradient=gradient, more=["h"])


def paper(g, pull=lambda g, rate: rate / g["alpha"] * g["decay"]):
    return adam(g, pull=pull)


right("adamw", adamw)
right("adam_l2", l2)
right("adamw_paper", paper)
mistake("adamw", "adamw-is-l2", lambda g: adam(g, gradient=lambda g, x, w, rate: x + g["decay"] * w))
mistake("adamw", "adamw-decay-after-step", lambda g: adamw(g, move=lambda w, pull, step: (1 - pull) * (w - step)))
mistake("adamw", "adamw-decay-without-rate", lambda g: adamw(g, lambda g, rate: g["decay"]))
mistake("adamw", "adamw-decay-rate-twice", lambda g: adamw(g, lambda g, rate: rate ** 2 * g["decay"]))
mistake("adamw", "adamw-decay-without-schedule", lambda g: adamw(g, lambda g, rate: g["rate"][0] * g["decay"]))
mistake("adamw", "adamw-decay-sign", lambda g: adamw(g, lambda g, rate: -rate * g["decay"]))
mistake("adam_l2", "l2-times-rate", lambda g: l2(g, lambda g, x, w, rate: x + rate * g["decay"] * w))
mistake("adam_l2", "l2-twice", lambda g: l2(g, lambda g, x, w, rate: x + 2 * g["decay"] * w))
mistake("adam_l2", "l2-sign", lambda g: l2(g, lambda g, x, w, rate: x - g["decay"] * w))
mistake("adam_l2", "l2-l1", lambda g: l2(g, lambda g, x, w, rate: x + g["decay"] * np.sign(w)))
mistake("adamw_paper", "paper-decay-without-schedule", lambda g: paper(g, lambda g, rate: g["decay"]))
mistake("adamw_paper", "paper-decay-times-alpha", lambda g: paper(g, lambda g, rate: rate * g["decay"]))


# ---- AMSGrad, groups, clipping ----

def amsgrad(g, most=lambda top, v, part2: np.maximum(top, v)):
    return adam(g, most=most)


def corrected_first(g):
    """The maximum is of v / part2: kept as that, and corrected no more."""
    out = adam(g)
    v_hat = np.maximum.accumulate(out["v_hat"])
    w = g["w0"] - np.cumsum(g["rate"][:, None] * out["m_hat"] / (np.sqrt(v_hat) + g["eps"]), axis=0)
    return {**out, "v_hat": v_hat, "w": w}


right("amsgrad", amsgrad)
mistake("amsgrad", "amsgrad-maximum-of-corrected", corrected_first)


def groups(g, decay=lambda g: g["decay"][g["group"]], times=lambda g: g["factor"][g["group"]], **how):
    rate = times(g)
    return adam(g, hats=False, move=lambda w, pull, step: (1 - pull * decay(g)) * w - rate * step, **how)


right("groups", lambda g: groups(g, pull=lambda g, r: r * g["factor"][g["group"]]))
mistake("groups", "groups-decay-not-by-factor", lambda g: groups(g, pull=lambda g, r: r))
mistake("groups", "groups-all-decayed", lambda g: groups(g, decay=lambda g: g["decay"][0], pull=lambda g, r: r * g["factor"][g["group"]]))
mistake("groups", "groups-factor-left-off", lambda g: groups(g, times=lambda g: 1, pull=lambda g, r: r))


def clipped(g, clip=lambda x, norm, theta: x * min(1, theta / norm), **how):
    norm = np.linalg.norm(g["g"], axis=1)
    rows = np.array([clip(x, n, g["theta"]) for x, n in zip(g["g"], norm)])
    out = adam(g, gradients=lambda g: rows, pull=lambda g, rate: rate * g["decay"], hats=False, **how)
    return {**out, "norm": norm, "g_clipped": rows}


right("clipped", clipped)
mistake("clipped", "clip-each-value", lambda g: clipped(g, lambda x, norm, theta: np.clip(x, -theta, theta)))
mistake("clipped", "clip-always", lambda g: clipped(g, lambda x, norm, theta: x * theta / norm))


def v_of_unclipped(g):
    out, before = clipped(g), adam(g)
    t = np.arange(1, len(g["g"]) + 1)[:, None]
    w, all_w = g["w0"], []
    for rate, m, v in zip(g["rate"], out["m"] / (1 - g["beta1"] ** t), before["v"] / (1 - g["beta2"] ** t)):
        w = (1 - rate * g["decay"]) * w - rate * m / (np.sqrt(v) + g["eps"])
        all_w.append(w)
    return {**out, "v": before["v"], "w": np.array(all_w)}


mistake("clipped", "clip-v-of-unclipped", v_of_unclipped)


# ---- Cycles, moments, bounds ----

def reddi(g, bring=lambda w: np.clip(w, -1, 1)):
    v, top, w = 0, 0, [g["w0"], g["w0"]]
    out = {"v": [], "top": [], "w_adam": [], "w_amsgrad": []}
    for t, x in enumerate(g["g"], 1):
        v = g["beta2"] * v + (1 - g["beta2"]) * x ** 2
        top = max(top, v)
        w = [bring(a - g["alpha"] / np.sqrt(t) * x / np.sqrt(s)) for a, s in zip(w, (v, top))]
        for name, value in zip(out, (v, top, *w)):
            out[name].append(value)
    return {k: np.array(a) for k, a in out.items()}


def moments(g, noise=lambda rate, s, B: rate ** 2 * s / B, keep=lambda k: k ** 2):
    mean, second, out = g["w0"], g["w0"] ** 2, {"mean": [], "second": [], "loss": []}
    for rate in g["rate"]:
        mean, second = (1 - rate * g["h"]) * mean, keep(1 - rate * g["h"]) * second + noise(rate, g["variance"], g["B"])
        for name, value in zip(out, (mean, second, np.sum(g["h"] * second) / 2)):
            out[name].append(value)
    return {k: np.array(a) for k, a in out.items()}


right("reddi", reddi)
right("moments", moments)
mistake("reddi", "reddi-not-projected", lambda g: reddi(g, lambda w: w))
mistake("moments", "moments-batch-left-off", lambda g: moments(g, lambda rate, s, B: rate ** 2 * s))
mistake("moments", "moments-rate-not-squared", lambda g: moments(g, lambda rate, s, B: rate * s / B))
mistake("moments", "moments-batch-as-deviation", lambda g: moments(g, lambda rate, s, B: rate ** 2 * s / B ** 2))
mistake("moments", "moments-keep-not-squared", lambda g: moments(g, keep=lambda k: k))


def bounds(g, limit=lambda b1, b2: (1 - b1) / np.sqrt((1 - b2) * (1 - b1 ** 2 / b2))):
    b1, b2, t, rho = g["beta1"], g["beta2"], g["t"], g["rho"]
    one, two = b1[:, None], b2[:, None]
    sums = np.sqrt((1 - (one ** 2 / two) ** t) * (1 - two ** t)) / (1 - one ** t)
    return {"longest": limit(b1, b2), "longest_at": limit(one, two) * sums,
            "growing": (1 - b1) / (1 - b1 / rho) * np.sqrt((1 - b2 / rho ** 2) / (1 - b2)),
            "uncorrected": (1 - one ** t) / np.sqrt(1 - two ** t)}


right("bounds", bounds)
mistake("bounds", "bounds-of-one-gradient", lambda g: bounds(g, lambda b1, b2: (1 - b1) / np.sqrt(1 - b2)))

run("adamw")
