"""Chapter mixed_precision in NumPy, from the text's formulas, right and with one mistake at a time: no conversion of NumPy's
own is used, formats are a number of bits of exponent and fraction."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run

HALF, BFLOAT, E4M3, E5M2 = (5, 10), (8, 7), (4, 3), (5, 2)


# ---- What a pattern means ----

def decode(bits, wrong="", zero_exponent=None):
    b, p = {"as half": HALF, "as e4m3": E4M3, "as e5m2": E5M2}.get(wrong, bits)

    def case(g):
        pattern = np.arange(g["side"] ** 2).reshape(g["side"], g["side"])
        F, E, sign = pattern % 2 ** p, pattern // 2 ** p % 2 ** b, pattern // 2 ** (p + b) % 2
        bias = 2 ** (b - 1) - 1 + (wrong == "bias")
        low = 2 ** (b - 1) - 2 + (wrong == "sub exponent")  # -(1 - bias)
        x = np.where(E > 0, (1 + F / 2 ** p) * 2.0 ** (E - bias), F / 2 ** p * 2.0 ** -low)
        if wrong == "flushed":
            x = np.where(E > 0, x, 0)
        if wrong == "as normal":
            x = (1 + F / 2 ** p) * 2.0 ** (E - bias)
        top, ones = E == 2 ** b - 1, F == 2 ** p - 1
        if (b, p) == E4M3 and wrong != "infinity":
            x = np.where(top & ones, np.nan, x)
        elif wrong != "no infinity":
            x = np.where(top, np.where(F == 0, np.inf, np.nan), x)
        x = np.where(sign == 1, -x, x)
        smallest = 2.0 ** (2 - 2 ** (bits[0] - 1))
        kind = np.select([np.isnan(x), np.isinf(x), x == 0, abs(x) < smallest], [4, 3, 0, 1], 2)
        if bits == BFLOAT:
            return {"float_bits": np.where(np.isnan(x), -1, x.astype(np.float32).view(np.int32)), "kind": kind}
        return {"value": x, "kind": kind}
    return case


for case, bits, wrongs in (
        ("half_decode", HALF, {"bias": "half-bias-too-large", "sub exponent": "half-subnormal-exponent", "flushed": "half-subnormals-read-as-zero",
                               "as normal": "half-subnormal-as-normal", "no infinity": "half-infinity-is-a-number"}),
        ("bfloat_decode", BFLOAT, {"flushed": "bfloat-subnormals-read-as-zero", "as half": "bfloat-read-as-half"}),
        ("e4m3_decode", E4M3, {"bias": "e4m3-bias-too-large", "infinity": "e4m3-has-an-infinity", "as e5m2": "e4m3-read-as-e5m2",
                               "sub exponent": "e4m3-subnormal-exponent"}),
        ("e5m2_decode", E5M2, {"no infinity": "e5m2-infinity-is-a-number", "as e4m3": "e5m2-read-as-e4m3"})):
    right(case, decode(bits))
    for wrong, name in wrongs.items():
        mistake(case, name, decode(bits, wrong))


# ---- Rounding ----

def spacing(x, bits):
    b, p = bits
    _, e = np.frexp(np.abs(x))  # |x| = m 2^e, 1/2 <= m < 1
    e = np.where(np.isfinite(x) & (x != 0), e - 1, -200)
    return 2.0 ** (np.maximum(e, 2 - 2 ** (b - 1)) - p)


def largest(bits):
    return 448.0 if bits == E4M3 else 2.0 ** (2 ** (bits[0] - 1) - 1) * (2 - 2.0 ** -bits[1])


def rd(x, bits=HALF, wrong="", over=np.inf):
    x = np.asarray(x, dtype=np.float64)
    q = spacing(x, bits)
    if wrong == "spacing":
        q = 2.0 ** (np.frexp(np.abs(x))[1] - 1 - bits[1])
    steps = np.abs(x) / q
    whole = np.floor(steps) if wrong == "truncated" else np.floor(steps + 0.5) if wrong == "ties away" else np.rint(steps)
    y = np.where(np.isfinite(x), whole * q, np.abs(x))
    end = np.abs(x) if wrong == "threshold" else y
    y = np.where(end > largest(bits), over, y)
    if wrong == "flushed":
        y = np.where(y < 2.0 ** (2 - 2 ** (bits[0] - 1)), 0, y)
    return np.copysign(y, x)


def pattern_of(y, bits):
    b, p = bits
    a, q = np.abs(y), spacing(y, bits)
    top = (2 ** b - 1) * 2 ** p
    e = np.round(np.log2(q)) + p + 2 ** (b - 1) - 2
    code = np.where(np.isinf(a), top, e * 2 ** p + np.where(np.isinf(a), 0, a) / q)
    return np.where(np.isnan(y), -1, np.where(np.isnan(code), 0, code) + np.signbit(y) * 2 ** (b + p)).astype(int)


def rounding(bits, wrong="", over=np.inf):
    def case(g):
        x = g["x_bits"].astype(np.int32).view(np.float32).astype(np.float64)
        end = largest(bits) if wrong == "saturates" else np.nan if wrong == "to nan" else over
        y = rd(x, bits, wrong, end)
        if wrong == "largest 240":
            y = np.clip(y, -240, 240)
        if wrong == "infinity to nan":
            y = np.where(np.isinf(x), np.nan, y)
        value = {"float_bits": np.where(np.isnan(y), -1, y.astype(np.float32).view(np.int32))} if bits == BFLOAT else {"value": y}
        pattern = pattern_of(y, bits)
        if wrong == "pattern bias":
            pattern += 2 ** bits[1] * (np.isfinite(y) & (np.abs(y) >= 2.0 ** (2 - 2 ** (bits[0] - 1))))
        return value | {"pattern": pattern}
    return case


for case, bits, over, name, wrongs in (("half_round", HALF, np.inf, "half", ("truncated", "ties away", "threshold", "saturates", "flushed", "pattern bias")),
                                       ("bfloat_round", BFLOAT, np.inf, "bfloat", ("truncated", "ties away", "flushed", "saturates")),
                                       ("e5m2_round", E5M2, np.inf, "e5m2", ("truncated", "ties away", "threshold")),
                                       ("e4m3_round", E4M3, 448, "e4m3", ("truncated", "ties away", "infinity to nan", "to nan", "largest 240")),
                                       ("e4m3_round_nan", E4M3, np.nan, "e4m3-nan", ("truncated", "ties away", "threshold", "saturates"))):
    right(case, rounding(bits, "", over))
    for wrong in wrongs:
        ids = {"flushed": "subnormals-flushed", "infinity to nan": "infinity-to-nan", "to nan": "not-saturating"}.get(wrong, wrong.replace(" ", "-"))
        mistake(case, f"{name}-{ids}", rounding(bits, wrong, over))

right("double_rounding", lambda g: {"half": rd(g["x"])})
mistake("double_rounding", "rounded-twice", lambda g: {"half": rd(g["x"].astype(np.float32))})
mistake("double_rounding", "double-ties-away", lambda g: {"half": rd(g["x"], HALF, "ties away")})


def stochastic(g, wrong=""):
    result = {}
    for name, bits in (("half", HALF), ("bfloat", BFLOAT)):
        x, u = np.abs(g["x"]), g["u"]
        q = spacing(x, bits)
        lower = np.floor(x / q) * q
        part = (x - lower) / q
        u = {"same": u[:, :1], "not": 0.5}.get(wrong, u)
        up = u >= part if wrong == "inverted" else u >= 1 - part if wrong == "added" else u < part
        result |= {name + "_lower": np.copysign(lower, g["x"]), name + "_part": part,
                   name: np.copysign(lower + q * up, g["x"]) * np.ones((len(g["u"]), 1))}
    return result


right("stochastic", stochastic)
for wrong, name in {"same": "random-same-for-all", "not": "random-not", "inverted": "random-inverted", "added": "random-added-first"}.items():
    mistake("stochastic", name, lambda g, wrong=wrong: stochastic(g, wrong))


def sums(g, wrong=""):
    result = {"x_bfloat": rd(g["x"], BFLOAT)}
    for name, bits in (("half", HALF), ("bfloat", BFLOAT), ("float", None)):
        terms = rd(g["x"], bits or BFLOAT) if wrong != "terms" else g["x"]
        total, kept = 0.0, []
        for term in terms:
            total += term
            if bits and wrong != "end":
                total = rd(total, bits)
            if not bits and wrong == "bfloat":
                total = rd(total, BFLOAT)
            kept.append(rd(total, bits) if bits else total)
        result[name + "_sums"] = np.array(kept)
    return result


right("sums", sums)
for wrong, name in {"bfloat": "sums-in-bfloat", "end": "sums-rounded-at-the-end", "terms": "sums-terms-not-rounded"}.items():
    mistake("sums", name, lambda g, wrong=wrong: sums(g, wrong))


def stuck(g, wrong=""):
    result, w = {}, g["w"]
    for name, bits in (("half", HALF), ("bfloat", BFLOAT)):
        keep = 1 - g["decay"]
        if wrong == "factor":
            keep = rd(keep, bits)
        now, steps = w, []
        for _ in range(8):
            now = rd(now + g["d"], bits, "truncated" if wrong == "truncated" else "")
            steps.append(now)
        result |= {name + "_w": np.stack(steps), name + "_moves": (steps[0] != w).astype(int), name + "_decayed": rd(keep[:, None] * w, bits)}
    return result


right("stuck", stuck)
mistake("stuck", "decay-factor-rounded", lambda g: stuck(g, "factor"))
mistake("stuck", "stuck-truncated", lambda g: stuck(g, "truncated"))


# ---- The scale and the steps ----

def next_scale(scale, good, found, growth, backoff, interval, wrong=""):
    if found:
        return scale * (1 if wrong == "not halved" else backoff), good if wrong == "not reset" else 0
    good += 1
    if good == interval + (wrong == "late"):
        return scale * growth, 0
    return scale, good


def loss_scale(g, wrong=""):
    scale, good, kept = g["scale_0"], 0, []
    for found in g["found"]:
        scale, good = next_scale(scale, good, found, g["growth"], g["backoff"], g["interval"], wrong)
        kept.append((scale, good))
    return {"scale": np.array([k[0] for k in kept]), "good": np.array([k[1] for k in kept])}


right("loss_scale", loss_scale)
for wrong, name in {"late": "scale-one-step-late", "not reset": "scale-count-not-reset", "not halved": "scale-not-halved"}.items():
    mistake("loss_scale", name, lambda g, wrong=wrong: loss_scale(g, wrong))


def scaled_steps(g, wrong=""):
    all_scaled = g["scaled_bits"].astype(np.uint16).view(np.float16).astype(np.float64)
    w, m, v, t, scale, good = g["w_0"].copy(), np.zeros(7), np.zeros(7), 0, g["scale_0"], 0
    kept = {n: [] for n in ("scale", "scaled", "norm", "taken", "g", "m", "v", "w", "half")}
    for scaled in all_scaled:
        found = not np.isfinite(scaled).all()
        taken = not found
        x = scaled.copy()
        if wrong == "clip first":
            x *= min(1, g["theta"] / np.sqrt((x ** 2).sum()))
        divisor = scale if wrong != "changed first" else next_scale(scale, good, found, 2, 0.5, g["interval"])[0]
        x = x / divisor
        if wrong == "in half":
            x = rd(x)
        norm = np.sqrt((x ** 2).sum())
        if wrong == "zero":
            x[~np.isfinite(x)] = 0
            norm, taken = np.sqrt((x ** 2).sum()), True
        if taken:
            t += 1
            x = x * min(1, g["theta"] / norm) if wrong != "not clipped" else x
            m = g["beta1"] * m + (1 - g["beta1"]) * x
            v = g["beta2"] * v + (1 - g["beta2"]) * x ** 2
            w = w * (1 - g["rate"] * g["decay"]) - g["rate"] * (m / (1 - g["beta1"] ** t)) / (np.sqrt(v / (1 - g["beta2"] ** t)) + g["eps"])
        elif wrong == "counts":
            t += 1
        elif wrong == "forgets":
            m, v = np.zeros(7), np.zeros(7)
        if wrong == "half weights":
            w = rd(w)
        for n, value in (("scale", scale), ("scaled", scaled), ("norm", norm), ("taken", int(taken)), ("g", x), ("m", m), ("v", v), ("w", w), ("half", rd(w))):
            kept[n].append(value)
        scale, good = next_scale(scale, good, found if wrong != "zero" else False, 2, 0.5, g["interval"])
    return {n: np.array(x) for n, x in kept.items()}


right("scaled_steps", scaled_steps)
for wrong, name in {"clip first": "steps-clip-before-unscale", "changed first": "steps-scale-changed-first", "in half": "steps-unscaled-in-half",
                    "zero": "steps-zero-for-infinity", "not clipped": "steps-not-clipped", "counts": "steps-count-skipped",
                    "forgets": "steps-skipped-forgets", "half weights": "steps-weights-in-half"}.items():
    mistake("scaled_steps", name, lambda g, wrong=wrong: scaled_steps(g, wrong))


def mixed_step(g, wrong=""):
    names, half = ("w1", "b1", "w2", "b2"), lambda x: rd(x, HALF, wrong)
    back = (lambda x: x) if wrong == "gradients" else half
    v = {n + "_half": g[n] if wrong == "float weights" else half(g[n]) for n in names}
    S = 1 if wrong == "loss" else g["scale"]
    v["a"] = g["x"] @ v["w1_half"].T + v["b1_half"]
    v["a_half"] = half(v["a"])
    v["h"] = np.tanh(v["a_half"])
    v["h_half"] = half(v["h"])
    v["logits"] = v["h_half"] @ v["w2_half"].T + v["b2_half"]
    v["logits_half"] = half(v["logits"])
    P = np.exp(v["logits_half"])
    P /= P.sum(1, keepdims=True)
    hit = np.eye(P.shape[1])[g["target"]]
    v["loss"] = -np.log((P * hit).sum(1)).mean()
    v["dlogits"] = S * (P - hit) / len(P)
    v["dlogits_half"] = back(v["dlogits"])
    v["dh"] = v["dlogits_half"] @ v["w2_half"]
    v["dh_half"] = back(v["dh"])
    v["da"] = v["dh_half"] * (1 - v["h"] ** 2)
    v["da_half"] = back(v["da"])
    for n, d, x in (("2", v["dlogits_half"], v["h_half"]), ("1", v["da_half"], g["x"])):
        v[f"dw{n}_sum"], v[f"db{n}_sum"] = d.T @ x, d.sum(0)
    for n in names:
        v[f"d{n}_half"] = v[f"d{n}_sum"] if wrong == "float weights" else back(v[f"d{n}_sum"])
    divisor = 1 if wrong == "not divided" else g["scale"]
    norm = np.sqrt(sum(((v[f"d{n}_half"] / divisor) ** 2).sum() for n in names))
    v["norm"] = norm
    for n in names:
        v["d" + n] = x = v[f"d{n}_half"] / divisor * min(1, g["theta"] / norm)
        start = half(g[n]) if wrong == "from half" else g[n]
        v[n + "_new"] = start - g["rate"] * x / (np.abs(x) + g["eps"])
        v[n + "_new_half"] = half(v[n + "_new"])
    return v


right("mixed_step", mixed_step)
for wrong, name in {"gradients": "mixed-gradients-not-rounded", "float weights": "mixed-weights-in-float", "loss": "mixed-loss-not-scaled",
                    "not divided": "mixed-not-unscaled", "from half": "mixed-step-from-half", "truncated": "mixed-truncated"}.items():
    mistake("mixed_step", name, lambda g, wrong=wrong: mixed_step(g, wrong))

run("mixed_precision")
