"""Chapter rope in NumPy, from the text's formulas, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


# ---- Rotation ----

def angles(d, base, exponent=2.0, first=0):
    return base ** (-exponent * (first + np.arange(d // 2)) / d)


def rounded(a, bits):
    part, exponent = np.frexp(np.asarray(a, np.float32).astype(float))
    return np.ldexp(np.rint(np.ldexp(part, bits)), exponent - bits)


def turn(x, theta, first=0, halves=False, sign=1, start=0, swap=False, in_bits=None, positions=None, order="kept"):
    """x (..., T, d) rotated; positions (..., T), else first, first + 1, ..."""
    p = start + first + np.arange(x.shape[-2]) if positions is None else start + first + positions
    angle = p[..., None] * theta
    if in_bits:
        angle = rounded(angle, in_bits)
    c, s = np.cos(angle), sign * np.sin(angle)
    if swap:
        c, s = s, c
    a, b = np.split(x, 2, -1) if halves else (x[..., 0::2], x[..., 1::2])
    u, w = a * c - b * s, a * s + b * c
    return np.concatenate([u, w], -1) if halves or order == "evens first" else np.stack([u, w], -1).reshape(x.shape)


def back(g, theta, first, **how):
    """The gradient of turn: turned back."""
    if how.get("order") == "evens first":
        d = g.shape[-1]
        g = np.stack([g[..., :d // 2], g[..., d // 2:]], -1).reshape(g.shape)
        how = {**how, "order": "kept"}
    if how.get("swap"):  # (a sin - b cos, a cos + b sin) the other way round
        angle = (how.get("start", 0) + first + np.arange(g.shape[-2]))[:, None] * theta
        c, s = np.sin(angle), np.cos(angle)
        halves = how.get("halves")
        u, w = np.split(g, 2, -1) if halves else (g[..., 0::2], g[..., 1::2])
        a, b = u * c + w * s, w * c - u * s
        return np.concatenate([a, b], -1) if halves else np.stack([a, b], -1).reshape(g.shape)
    return turn(g, theta, first, **{**how, "sign": -how.get("sign", 1)})


def rotate(g, theta=None, gradients=True, published=True, turned_back=back, **how):
    x, d = g["x"], g["x"].shape[-1]
    theta = angles(d, g["base"]) if theta is None else theta
    values = {"theta": theta} if published else {}
    for first, end in zip(g["first"], ("", "_far")):
        if published:
            angle = (how.get("start", 0) + first + np.arange(x.shape[-2]))[:, None] * theta
            values |= {"cosine" + end: np.cos(angle), "sine" + end: np.sin(angle)}
        values["out" + end] = turn(x, theta, first, **how)
        if gradients:
            values["dx" + end] = turned_back(g["loss_weight"], theta, first, **how)
    return values


right("rotate", rotate)
right("rotate_half", lambda g: rotate(g, halves=True))
mistake("rotate", "rotate-pairing-halves", lambda g: rotate(g, halves=True))
mistake("rotate_half", "rotate-half-pairing-neighbours", rotate)
mistake("rotate", "rotate-exponent-counts-values", lambda g: rotate(g, angles(8, g["base"], 4.0)))
mistake("rotate", "rotate-exponent-i-over-d", lambda g: rotate(g, angles(8, g["base"], 1.0)))
mistake("rotate", "rotate-exponent-model-width", lambda g: rotate(g, angles(24, g["base"])[:4]))
mistake("rotate", "rotate-exponent-starts-at-1", lambda g: rotate(g, angles(8, g["base"], first=1)))
mistake("rotate", "rotate-base-1000", lambda g: rotate(g, angles(8, 1000.0)))
mistake("rotate", "rotate-base-500000", lambda g: rotate(g, angles(8, 500000.0)))
mistake("rotate", "rotate-theta-bfloat16", lambda g: rotate(g, rounded(angles(8, g["base"]), 8)))
mistake("rotate", "rotate-wrong-sign", lambda g: rotate(g, sign=-1))
mistake("rotate", "rotate-sines-for-cosines", lambda g: rotate(g, swap=True))
mistake("rotate", "rotate-evens-then-odds", lambda g: rotate(g, order="evens first"))
mistake("rotate", "rotate-starts-at-1", lambda g: rotate(g, start=1))
mistake("rotate", "rotate-angle-float16", lambda g: rotate(g, published=False, in_bits=11))
mistake("rotate", "rotate-positions-bfloat16", lambda g: {"out_far": turn(
    g["x"], angles(8, g["base"]), positions=rounded(g["first"][1] + np.arange(5), 8))})
mistake("rotate", "rotate-positions-of-heads", lambda g: {"out": turn(
    g["x"], angles(8, g["base"]), positions=np.broadcast_to(np.arange(3)[:, None], (3, 5)))})
mistake("rotate", "rotate-backward-not-back", lambda g: rotate(g, turned_back=turn))
mistake("rotate_half", "rotate-half-minus-on-second", lambda g: rotate(g, halves=True, sign=-1))
mistake("rotate_half", "rotate-half-starts-at-1", lambda g: rotate(g, halves=True, start=1))
mistake("rotate_half", "rotate-half-base-1000", lambda g: rotate(g, angles(8, 1000.0), halves=True))
mistake("rotate_half", "rotate-half-base-500000", lambda g: rotate(g, angles(8, 500000.0), halves=True))
mistake("rotate_half", "rotate-half-exponent-i-over-d", lambda g: rotate(g, angles(8, g["base"], 1.0), halves=True))
mistake("rotate_half", "rotate-half-exponent-model-width", lambda g: rotate(g, angles(24, g["base"])[:4], halves=True))
mistake("rotate_half", "rotate-half-backward-not-back", lambda g: rotate(g, halves=True, turned_back=turn))


def in_place(g, a, b):
    """Values a and b of x turned where they stand, with NumPy's views."""
    y = g["x"].copy()
    angle = np.arange(y.shape[-2])[:, None] * angles(8, g["base"])
    y[..., a] = y[..., a] * np.cos(angle) - y[..., b] * np.sin(angle)
    y[..., b] = y[..., a] * np.sin(angle) + y[..., b] * np.cos(angle)
    return {"out": y}


mistake("rotate", "rotate-in-place", lambda g: in_place(g, slice(0, 8, 2), slice(1, 8, 2)))
mistake("rotate_half", "rotate-half-in-place", lambda g: in_place(g, slice(0, 4), slice(4, 8)))


def rotate_half(g, partial=1.0, minus=-1, repeat=False, exchanged=True):
    """As Hugging Face's code: x cos + rotate_half(x) sin."""
    x, d = g["x"], g["x"].shape[-1]
    angle = (g["first"][0] + np.arange(x.shape[-2]))[:, None] * angles(d, g["base"])
    angle = np.repeat(angle, 2, -1) if repeat else np.concatenate([angle, angle], -1)
    if partial < 1:
        angle = angle * np.tile(np.arange(d // 2) < d // 2 * partial, 2)
    a, b = np.split(x, 2, -1)
    first, second = (b, a) if exchanged else (a, b)
    return {"out": x * np.cos(angle) + np.concatenate([minus * first, second], -1) * np.sin(angle)}


mistake("rotate_half", "rotate-half-no-minus", lambda g: rotate_half(g, minus=1))
mistake("rotate_half", "rotate-half-table-of-neighbours", lambda g: rotate_half(g, repeat=True))
mistake("rotate_half", "rotate-half-not-exchanged", lambda g: rotate_half(g, exchanged=False))
mistake("rotate_half", "rotate-half-partial", lambda g: rotate_half(g, partial=0.5))


def rotate_part(g, halves=True, of_head=False):
    """The first n values rotated, the others as they are."""
    n, d = g["n"], g["x"].shape[-1]
    theta = angles(d if of_head else n, g["base"])[:n // 2]
    values = rotate({**g, "x": g["x"][..., :n], "loss_weight": g["loss_weight"][..., :n]}, theta, halves=halves)
    for end in ("", "_far"):
        values["out" + end] = np.concatenate([values["out" + end], g["x"][..., n:]], -1)
        values["dx" + end] = np.concatenate([values["dx" + end], g["loss_weight"][..., n:]], -1)
    return values


right("rotate_part", rotate_part)
mistake("rotate_part", "rotate-part-exponent-of-the-head", lambda g: rotate_part(g, of_head=True))
mistake("rotate_part", "rotate-part-pairing-neighbours", lambda g: rotate_part(g, halves=False))


def scores_shift(g, **how):
    theta, values = angles(g["q"].shape[-1], g["base"]), {}
    for first, end in zip(g["first"], ("", "_shifted")):
        q, k = turn(g["q"], theta, first, **how), turn(g["k"], theta, first, **how)
        values |= {"q_turned" + end: q, "k_turned" + end: k, "scores" + end: q @ k.swapaxes(-1, -2)}
    return values


right("scores_shift", scores_shift)
mistake("scores_shift", "scores-pairing-halves", lambda g: scores_shift(g, halves=True))
mistake("scores_shift", "scores-wrong-sign", lambda g: scores_shift(g, sign=-1))


# ---- Stretched angles, tables ----

def stretched(g, power=None, turns_in=2 * np.pi, reverse=False, interpolate=np.divide, stay=None, yarn=None):
    d, factor = g["width"], g["factor"]
    theta = angles(d, g["base"])
    if stay is None:
        stay = np.clip((g["length"] * theta / turns_in - g["few"]) / (g["many"] - g["few"]), 0, 1)
    else:
        stay = stay(g)
    if reverse:
        stay = 1 - stay
    larger = g["base"] * factor ** (d / (d - 2) if power is None else power)
    by_pair = yarn_code(g) if yarn is None else yarn(g)
    return {"theta": theta, "interpolated": interpolate(theta, factor), "ntk": angles(d, larger),
            "by_parts": theta * (stay + (1 - stay) / factor),
            "yarn": theta * (by_pair + (1 - by_pair) / factor), "yarn_scale": np.array(0.1 * np.log(factor) + 1)}


def yarn_code(g):
    def pair(turns):
        return g["width"] * np.log(g["length"] / (turns * 2 * np.pi)) / (2 * np.log(g["base"]))
    low, high = max(np.floor(pair(g["many"])), 0), min(np.ceil(pair(g["few"])), g["width"] - 1)
    return 1 - np.clip((np.arange(g["width"] // 2) - low) / (high - low), 0, 1)


right("stretched", stretched)
mistake("stretched", "stretched-yarn-code", lambda g: stretched(g, stay=yarn_code))
mistake("stretched", "stretched-yarn-by-turns", lambda g: stretched(g, yarn=lambda g: np.clip(
    (g["length"] * angles(g["width"], g["base"]) / (2 * np.pi) - g["few"]) / (g["many"] - g["few"]), 0, 1)))
mistake("stretched", "stretched-yarn-scale-log2", lambda g: stretched(g) | {"yarn_scale": np.array(0.1 * np.log2(g["factor"]) + 1)})
mistake("stretched", "stretched-interpolated-faster", lambda g: stretched(g, interpolate=np.multiply))
mistake("stretched", "stretched-ntk-base-times-factor", lambda g: stretched(g, power=1))
mistake("stretched", "stretched-by-parts-reversed", lambda g: stretched(g, reverse=True))
mistake("stretched", "stretched-turns-in-radians", lambda g: stretched(g, turns_in=1))


def decay_bound(g, of=np.abs, mean=lambda s: s.mean(-1)):
    theta = angles(g["width"], g["base"])
    sums = np.exp(1j * np.arange(g["farthest"] + 1)[:, None] * theta).cumsum(-1)
    return {"theta": theta, "bound": mean(of(sums))}


right("decay_bound", decay_bound)
mistake("decay_bound", "decay-bound-real-part", lambda g: decay_bound(g, lambda s: np.abs(s.real)))
mistake("decay_bound", "decay-bound-over-d", lambda g: decay_bound(g, mean=lambda s: s.sum(-1) / g["width"]))
mistake("decay_bound", "decay-bound-last-sum", lambda g: decay_bound(g, mean=lambda s: s[:, -1] / s.shape[-1]))


def power(n, i):
    return 2.0 ** (-8 * i / n)


def slopes(h):
    c = 2 ** int(np.log2(h))
    return np.concatenate([power(c, np.arange(1, c + 1)), power(2 * c, np.arange(1, 2 * c + 1))[::2][:h - c]])


def slope_table(g, of=slopes):
    rows = np.zeros((g["most"], g["most"]))
    for h in range(1, g["most"] + 1):
        rows[h - 1, :h] = of(h)
    return {"slopes": rows}


def next_power(h):
    return 2 ** int(np.ceil(np.log2(h)))


right("alibi_slopes", slope_table)
mistake("alibi_slopes", "alibi-slopes-one-formula", lambda g: slope_table(g, lambda h: power(h, np.arange(1, h + 1))))
mistake("alibi_slopes", "alibi-slopes-of-next-power",
        lambda g: slope_table(g, lambda h: power(next_power(h), np.arange(1, h + 1))))
mistake("alibi_slopes", "alibi-slopes-sorted", lambda g: slope_table(g, lambda h: -np.sort(-slopes(h))))
mistake("alibi_slopes", "alibi-slopes-every-second",
        lambda g: slope_table(g, lambda h: slopes(h) if h == next_power(h) else power(2 * h, np.arange(1, 2 * h, 2))))


def classes(g, distance, both=False, farthest=None, rounding=np.floor):
    """T5's code: relative_position_bucket."""
    n, exact, shift = g["classes"], g["classes"] // 2, 0
    if both:
        n, exact = n // 2, exact // 2
        shift, distance = np.where(distance < 0, n, 0), np.abs(distance)
    distance = np.maximum(distance, 0)
    far = exact + rounding(np.log(np.maximum(distance, 1) / exact) / np.log((farthest or g["farthest"]) / exact) * (n - exact))
    return (shift + np.where(distance < exact, distance, np.minimum(far, n - 1))).astype(int)


right("t5_buckets_both", lambda g: {"bucket": classes(g, g["distance"], both=True)})
mistake("t5_buckets_both", "t5-both-as-decoder", lambda g: {"bucket": classes(g, g["distance"])})
mistake("t5_buckets_both", "t5-both-key-minus-query", lambda g: {"bucket": classes(g, -g["distance"], both=True)})
right("t5_buckets", lambda g: {"bucket": classes(g, g["distance"])})
mistake("t5_buckets", "t5-buckets-bidirectional", lambda g: {"bucket": classes(g, g["distance"], both=True)})
mistake("t5_buckets", "t5-buckets-farthest-64", lambda g: {"bucket": classes(g, g["distance"], farthest=64)})
mistake("t5_buckets", "t5-buckets-rounded", lambda g: {"bucket": classes(g, g["distance"], rounding=lambda x: np.floor(x + 0.5))})
mistake("t5_buckets", "t5-buckets-clipped", lambda g: {"bucket": np.minimum(g["distance"], g["classes"] - 1)})


# ---- Attention ----

def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(scores, v, mask=True):
    seen = np.tril(np.ones(scores.shape[-2:])) > 0
    weights = softmax(np.where(seen, scores, -np.inf) if mask else scores)
    return weights, weights @ v


def scores_backward(g, weights, dvalues=0):
    dweights = g["loss_weight"] @ g["v"].swapaxes(-1, -2) + dvalues
    return dweights, weights * (dweights - (weights * dweights).sum(-1, keepdims=True))


def distances(T):
    return np.arange(T)[:, None] - np.arange(T)


def biased(g, bias, scale, bias_scale=1.0):
    q, k, v = (g[n] for n in "qkv")
    scores = q @ k.swapaxes(-1, -2) * scale + bias_scale * bias
    weights, out = attend(scores, v)
    _, dscores = scores_backward(g, weights)
    return {"bias": bias, "scores": scores, "weights": weights, "out": out, "loss": (out * g["loss_weight"]).sum(),
            "dv": weights.swapaxes(-1, -2) @ g["loss_weight"], "dq": scale * dscores @ k,
            "dk": scale * dscores.swapaxes(-1, -2) @ q}, dscores


def alibi(g, slope=None, sign=-1, power=1, bias_scale=1.0):
    h, T, d = g["q"].shape[1:]
    slope = slopes(h) if slope is None else slope
    bias = sign * slope[:, None, None] * distances(T) ** power
    return {"slopes": slope} | biased(g, bias, 1 / np.sqrt(d), bias_scale)[0]


right("alibi", alibi)
mistake("alibi", "alibi-wrong-sign", lambda g: alibi(g, sign=1))
mistake("alibi", "alibi-squared-distance", lambda g: alibi(g, power=2))
mistake("alibi", "alibi-one-formula", lambda g: alibi(g, slope=power(3, np.arange(1, 4))))
mistake("alibi", "alibi-scaled-with-the-scores", lambda g: alibi(g, bias_scale=8 ** -0.5))


def t5(g, scale=1.0, key_minus_query=False, **how):
    distance = distances(g["q"].shape[-2])
    row = classes(g, -distance if key_minus_query else distance, **how)
    values, dscores = biased(g, g["table"][row].transpose(2, 0, 1), scale)
    dtable = np.zeros_like(g["table"])
    np.add.at(dtable, row, dscores.sum(0).transpose(1, 2, 0))
    return {"bucket": row, "dbias": dscores.sum(0), "dtable": dtable} | values


right("t5", t5)
mistake("t5", "t5-scaled", lambda g: t5(g, scale=8 ** -0.5))
mistake("t5", "t5-bidirectional", lambda g: t5(g, both=True))
mistake("t5", "t5-key-minus-query", lambda g: t5(g, key_minus_query=True))


def shaw(g, row=None, position_scale=None, value_vectors=1.0):
    q, k, v, a_k, a_v, K = (g[n] for n in ("q", "k", "v", "a_k", "a_v", "clip"))
    T, d = q.shape[-2:]
    row = K + np.clip(distances(T), -K, K) if row is None else row(K, distances(T))
    content, position = q @ k.swapaxes(-1, -2), np.einsum("bhtd,tsd->bhts", q, a_k[row])
    scores = content / np.sqrt(d) + position * (position_scale or d ** -0.5)
    weights, from_values = attend(scores, v)
    vectors = value_vectors * np.einsum("bhts,tsd->bhtd", weights, a_v[row])
    out = from_values + vectors
    dweights, dscores = scores_backward(g, weights, value_vectors * np.einsum("bhtd,tsd->bhts", g["loss_weight"], a_v[row]))
    return {"content": content, "position": position, "scores": scores, "weights": weights, "out": out,
            "loss": (out * g["loss_weight"]).sum(), "dweights": dweights, "dscores": dscores,
            "dv": weights.swapaxes(-1, -2) @ g["loss_weight"]}


right("shaw", shaw)
mistake("shaw", "shaw-key-minus-query", lambda g: shaw(g, lambda K, r: K + np.clip(-r, -K, K)))
mistake("shaw", "shaw-row-without-clip", lambda g: shaw(g, lambda K, r: np.clip(r, -K, K)))
mistake("shaw", "shaw-position-unscaled", lambda g: shaw(g, position_scale=1.0))
mistake("shaw", "shaw-no-value-vectors", lambda g: shaw(g, value_vectors=0.0))


def xl(g, scale=None, key_position=False, reverse=False, exchanged=False, one=False, fourth=1.0, blocks=False):
    q, k, v, u, w = (g[n] for n in "qkvuw")
    if exchanged:
        u, w = w, u
    w = u if one else w
    T, d = q.shape[-2:]
    width = g["w_r"].shape[1]
    angle = np.arange(T)[:, None] * angles(width, g["base"])
    sinusoid = np.concatenate([np.sin(angle), np.cos(angle)], -1) if blocks else np.stack([np.sin(angle), np.cos(angle)], -1).reshape(T, width)
    vectors = (sinusoid @ g["w_r"].T).reshape(T, -1, d).swapaxes(0, 1)
    column = np.maximum(distances(T), 0)
    column = np.broadcast_to(np.arange(T), (T, T)) if key_position else T - 1 - column if reverse else column
    r = vectors[:, column]
    terms = {"content": q @ k.swapaxes(-1, -2), "position": np.einsum("bhtd,htsd->bhts", q, r)}
    terms["content_bias"] = np.broadcast_to(np.einsum("hd,bhsd->bhs", u, k)[:, :, None], terms["content"].shape)
    terms["position_bias"] = np.broadcast_to(np.einsum("hd,htsd->hts", w, r), terms["content"].shape)
    scores = (terms["content"] + terms["position"] + terms["content_bias"] + fourth * terms["position_bias"]) * (scale or d ** -0.5)
    weights, out = attend(scores, v)
    return {"sinusoid": sinusoid, "r": vectors, **terms, "scores": scores, "weights": weights, "out": out,
            "loss": (out * g["loss_weight"]).sum(), "dv": weights.swapaxes(-1, -2) @ g["loss_weight"]}


right("xl_terms", xl)
mistake("xl_terms", "xl-no-scale", lambda g: xl(g, scale=1.0))
mistake("xl_terms", "xl-no-shift", lambda g: xl(g, key_position=True))
mistake("xl_terms", "xl-distances-reversed", lambda g: xl(g, reverse=True))
mistake("xl_terms", "xl-u-w-exchanged", lambda g: xl(g, exchanged=True))
mistake("xl_terms", "xl-one-bias", lambda g: xl(g, one=True))
mistake("xl_terms", "xl-no-position-bias", lambda g: xl(g, fourth=0.0))
mistake("xl_terms", "xl-sines-first", lambda g: xl(g, blocks=True))


def cached(g, base=None, scale=None, values=False, times=1, keys=True, mask=True, decode_first=lambda t: t, cache=True, **how):
    """Attention with RoPE, whole and one query at a time."""
    theta = angles(g["q"].shape[-1], base or g["base"])

    def turned(x, first=0):
        for _ in range(times):
            x = turn(x, theta, first, **how)
        return x
    T, d = g["q"].shape[-2:]
    scale = scale or d ** -0.5
    v = turned(g["v"]) if values else g["v"]
    q, k = turned(g["q"]), turned(g["k"]) if keys else g["k"]
    scores = q @ k.swapaxes(-1, -2) * scale
    weights, out = attend(scores, v, mask)
    rows = []
    for t in range(T):
        at = turned(g["q"][..., t:t + 1, :], decode_first(t))
        rows.append(softmax(at @ (k if cache else g["k"])[..., :t + 1, :].swapaxes(-1, -2) * scale) @ v[..., :t + 1, :])
    return {"q_turned": q, "k_turned": k, "scores": scores, "weights": weights, "out": out,
            "one_by_one": np.concatenate(rows, -2).transpose(2, 0, 1, 3)}


right("rope_cached", cached)
mistake("rope_cached", "cached-pairing-halves", lambda g: cached(g, halves=True))
mistake("rope_cached", "cached-wrong-sign", lambda g: cached(g, sign=-1))
mistake("rope_cached", "cached-base-500000", lambda g: cached(g, base=500000.0))
mistake("rope_cached", "cached-starts-at-1", lambda g: cached(g, start=1))
mistake("rope_cached", "cached-values-rotated", lambda g: cached(g, values=True))
mistake("rope_cached", "cached-rotated-twice", lambda g: cached(g, times=2))
mistake("rope_cached", "cached-keys-not-rotated", lambda g: cached(g, keys=False))
mistake("rope_cached", "cached-no-scale", lambda g: cached(g, scale=1.0))
mistake("rope_cached", "cached-no-mask", lambda g: cached(g, mask=False))
mistake("rope_cached", "cached-query-at-0", lambda g: cached(g, decode_first=lambda t: 0))
mistake("rope_cached", "cached-query-one-late", lambda g: cached(g, decode_first=lambda t: t + 1))
mistake("rope_cached", "cached-cache-not-rotated", lambda g: cached(g, cache=False))


# ---- Linear attention ----

def linear(g, one=1.0, halves=False, first=False, rotated_sum=False, all_keys=False, normalise=True, early=False):
    def phi(x):
        return np.where(x > 0, x, np.expm1(x)) + one
    q, k, v = (g[n] for n in "qkv")
    T, d = q.shape
    theta = angles(d, g["base"])
    if first:
        q, k = (turn(phi(turn(x, theta)), theta * 0) for x in (q, k))
        turned_q, turned_k = q, k
    else:
        q, k = phi(q), phi(k)
        turned_q, turned_k = turn(q, theta, halves=halves), turn(k, theta, halves=halves)
    sums = turned_q @ turned_k.T if rotated_sum else q @ k.T
    normaliser = sums.sum(-1) if all_keys else np.tril(sums).sum(-1)
    weights = np.tril(turned_q @ turned_k.T) / (normaliser[:, None] if normalise else 1)
    state, total = np.einsum("ti,tj->tij", turned_k, v).cumsum(0), k.cumsum(0)
    asked, over = (np.concatenate([0 * a[:1], a[:-1]]) if early else a for a in (state, total))
    stepped = np.einsum("ti,tij->tj", turned_q, asked) / np.einsum("ti,ti->t", q, over)[:, None]
    values = {"phi_q": q, "phi_k": k, "q_turned": turned_q, "k_turned": turned_k, "normaliser": normaliser,
              "weights": weights, "out": weights @ v, "state": state, "total": total, "out_recurrent": stepped}
    if rotated_sum or all_keys or not normalise:
        del values["out_recurrent"]  # made in the other form
    return values


right("rope_linear_attention", linear)
mistake("rope_linear_attention", "linear-elu-without-1", lambda g: linear(g, one=0.0))
mistake("rope_linear_attention", "linear-pairing-halves", lambda g: linear(g, halves=True))
mistake("rope_linear_attention", "linear-rotated-before-phi", lambda g: linear(g, first=True))
mistake("rope_linear_attention", "linear-normaliser-rotated", lambda g: linear(g, rotated_sum=True))
mistake("rope_linear_attention", "linear-normaliser-over-all", lambda g: linear(g, all_keys=True))
mistake("rope_linear_attention", "linear-not-normalised", lambda g: linear(g, normalise=False))
mistake("rope_linear_attention", "linear-asks-before-its-key", lambda g: linear(g, early=True))

run("rope")
