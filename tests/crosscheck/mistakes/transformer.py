"""Chapter transformer in NumPy, from the text's formulas, right and with one mistake at a time."""
import pathlib
import sys

import numpy as np
from scipy.special import erf

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def without(values, *names):
    return {n: v for n, v in values.items() if n not in names}


# ---- Attention, forward and backward by hand ----

def weights_of(scores, mask, fill=-np.inf, axis=-1):
    """Softmax of masked scores; where none is left, zeros if they are filled with minus infinity."""
    if mask is None:
        return softmax(scores, axis)
    filled = np.where(mask, scores, fill)
    nowhere = ~mask.any(-1, keepdims=True) if fill == -np.inf else np.zeros((1, 1, 1, 1), bool)
    return np.where(nowhere, 0, softmax(np.where(nowhere, 0, filled), axis))


def attention(g, scale=lambda q, k: q.shape[-1] ** -0.5, mask_of=lambda mask, h: mask[:, None] > 0, weigh=weights_of,
              of="v", dscores=lambda w, dw, s: w * (dw - (w * dw).sum(-1, keepdims=True)), dq_scale=1, dk_scale=1,
              dv_from=lambda s, w: w):
    q, k, v = g["q"], g["k"], g["v"]
    f = scale(q, k)
    mask = mask_of(g["mask"], q.shape[1]) if "mask" in g else None
    s = q @ k.swapaxes(-1, -2) * f
    w = weigh(s, mask)
    out = w @ g[of]
    dout = g["loss_weight"]
    ds = dscores(w, dout @ v.swapaxes(-1, -2), s)
    return {"scores": s, "weights": w, "out": out, "loss": (out * dout).sum(), "dv": dv_from(s, w).swapaxes(-1, -2) @ dout,
            "dscores": ds, "dq": ds @ k * f * dq_scale, "dk": ds.swapaxes(-1, -2) @ q * f * dk_scale}


for case in "attention", "attention_causal", "attention_padding":
    right(case, attention)


def att(id, case="attention", only=None, **how):
    mistake(case, id, lambda g: attention(g, **how), only)


def scaled(f):
    return lambda q, k: f(q.shape[-1], q.shape, k.shape)


FORWARD = "scores weights out loss"
att("attention-unscaled", scale=scaled(lambda d, q, k: 1))
att("attention-scaled-by-d", scale=scaled(lambda d, q, k: 1 / d))
att("attention-scaled-by-model-width", scale=scaled(lambda d, q, k: (q[1] * d) ** -0.5))
att("attention-scaled-by-keys", scale=scaled(lambda d, q, k: k[2] ** -0.5))
att("attention-scaled-by-queries", scale=scaled(lambda d, q, k: q[2] ** -0.5))
att("attention-multiplied-by-root", scale=scaled(lambda d, q, k: d ** 0.5))
att("attention-softmax-over-queries", weigh=lambda s, m: softmax(s, -2))
att("attention-softmax-over-heads", weigh=lambda s, m: softmax(s, 1))
att("attention-weights-times-keys", of="k")
att("attention-backward-softmax-without-mean", dscores=lambda w, dw, s: w * dw)
att("attention-backward-softmax-mean-added", dscores=lambda w, dw, s: w * (dw + (w * dw).sum(-1, keepdims=True)))
att("attention-backward-softmax-brackets", dscores=lambda w, dw, s: w * dw - (w * dw).sum(-1, keepdims=True))
att("attention-backward-softmax-diagonal", dscores=lambda w, dw, s: w * (1 - w) * dw)
att("attention-backward-softmax-without-weights", dscores=lambda w, dw, s: dw - (w * dw).sum(-1, keepdims=True))
att("attention-backward-softmax-plain-mean", dscores=lambda w, dw, s: w * (dw - dw.mean(-1, keepdims=True)))
att("attention-backward-unscaled", dq_scale=5 ** 0.5, dk_scale=5 ** 0.5)
att("attention-backward-keys-unscaled", dk_scale=5 ** 0.5)
att("attention-backward-values-from-scores", dv_from=lambda s, w: s)


def triangle(rule):
    """A mask (T, S) of its own by a rule of t, s, T, S."""
    def of(mask, h):
        T, S = mask.shape[1:]
        t, s = np.arange(T)[:, None], np.arange(S)[None]
        return np.broadcast_to(rule(t, s, T, S), (mask.shape[0], 1, T, S))
    return of


def inverted(mask, h):
    return mask[:, None] == 0


def after(s, mask):
    return softmax(s) * mask


padding, causal = "attention_padding", "attention_causal"
att("attention-padding-mask-inverted", padding, mask_of=inverted)
att("attention-causal-mask-inverted", causal, mask_of=inverted)
att("attention-padding-ignored", padding, weigh=lambda s, m: softmax(s))
att("attention-causal-not-masked", causal, weigh=lambda s, m: softmax(s))
att("attention-nowhere-uniform", padding, weigh=lambda s, m: weights_of(s, m, -1e9))
att("attention-nowhere-unmasked", padding, weigh=lambda s, m: softmax(s - 1e9 * (1 - m)))
att("attention-padding-masked-with-1e-9", padding, weigh=lambda s, m: weights_of(s, m, 1e-9))
att("attention-causal-masked-with-1e-9", causal, weigh=lambda s, m: weights_of(s, m, 1e-9))
att("attention-causal-mask-added", causal, weigh=lambda s, m: softmax(s + m))
att("attention-causal-masked-after-softmax", causal, weigh=after)
att("attention-padding-masked-after-softmax", padding, weigh=after)
att("attention-padding-mask-of-first-sequence", padding, mask_of=lambda m, h: m[:1, None] > 0)
att("attention-padding-mask-order-of-heads", padding,
    mask_of=lambda m, h: np.tile(m, (h, 1, 1)).reshape(m.shape[0], h, *m.shape[1:]) > 0)
att("attention-causal-mask-strict", causal, mask_of=triangle(lambda t, s, T, S: s < S - T + t))
att("attention-causal-mask-upper-left", causal, mask_of=triangle(lambda t, s, T, S: s <= t))
att("attention-causal-mask-one-ahead", causal, mask_of=triangle(lambda t, s, T, S: s <= S - T + t + 1))
att("attention-causal-mask-of-the-past", causal, mask_of=triangle(lambda t, s, T, S: s >= S - T + t))


# ---- Reverse mode, for what has more than a few lines ----

class Var:
    """An array that knows what it was computed from: (another, what the gradient of this means for that one)."""

    def __init__(self, value, *parents):
        self.value, self.parents, self.grad = np.asarray(value, float), parents, 0.0

    def __add__(self, other):
        other = as_var(other)
        return Var(self.value + other.value, (self, lambda d: d), (other, lambda d: d))

    def __mul__(self, other):
        other = as_var(other)
        return Var(self.value * other.value, (self, lambda d: d * other.value), (other, lambda d: d * self.value))

    def __matmul__(self, other):
        return Var(self.value @ other.value, (self, lambda d: d @ other.value.swapaxes(-1, -2)),
                   (other, lambda d: self.value.swapaxes(-1, -2) @ d))

    def swap(self, i, j):
        return Var(self.value.swapaxes(i, j), (self, lambda d: d.swapaxes(i, j)))

    def reshape(self, *shape):
        return Var(self.value.reshape(shape), (self, lambda d: d.reshape(self.value.shape)))

    def map(self, f, slope):
        return Var(f(self.value), (self, lambda d: d * slope(self.value)))

    def mean(self):
        n = self.value.shape[-1]
        return Var(self.value.mean(-1, keepdims=True), (self, lambda d: np.broadcast_to(d, self.value.shape) / n))

    def rows(self, ids):
        def back(d):
            grad = np.zeros_like(self.value)
            np.add.at(grad, ids, d)
            return grad
        return Var(self.value[ids], (self, back))

    def detached(self):
        return Var(self.value)


def as_var(x):
    return x if isinstance(x, Var) else Var(x)


def to_shape(d, shape):
    """The gradient of what was spread to d's shape."""
    d = np.asarray(d, float)
    d = d.sum(tuple(range(d.ndim - len(shape))))
    return d.sum(tuple(i for i, n in enumerate(shape) if n == 1 and d.shape[i] != 1), keepdims=True)


def backward(loss):
    order, seen = [], set()

    def visit(x):
        if id(x) not in seen:
            seen.add(id(x))
            for parent, _ in x.parents:
                visit(parent)
            order.append(x)

    visit(loss)
    loss.grad = 1.0
    for x in reversed(order):
        for parent, back in x.parents:
            parent.grad = parent.grad + to_shape(back(np.asarray(x.grad, float) + np.zeros(x.value.shape)), parent.value.shape)


def soft(x, mask, how):
    w = weights_of(x.value, mask) if how is None else how(x.value, mask)
    return Var(w, (x, lambda d: w * (d - (w * d).sum(-1, keepdims=True))))


def gelu(x):
    return x * (1 + erf(x / 2 ** 0.5)) / 2


def gelu_slope(x):
    return (1 + erf(x / 2 ** 0.5)) / 2 + x * np.exp(-x * x / 2) / (2 * np.pi) ** 0.5


def tanh_gelu(x):
    return x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x ** 3))) / 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def steep(f):
    """f and its slope, by a complex step where it has no formula here."""
    return f, lambda x: np.imag(f(x + 1e-30j)) / 1e-30


def quick(x):
    return x * sigmoid(1.702 * x)


ACT = {"relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0), "gelu": (gelu, gelu_slope), "tanh": steep(tanh_gelu),
       "quick": steep(quick), "silu": steep(lambda x: x * sigmoid(x)), "none": (lambda x: x, np.ones_like),
       "twice": steep(lambda x: x)}


# ---- Multi-head attention ----

def split(x, h, how):
    B, T, D = x.value.shape
    if how == "no swap":
        return x.reshape(B, h, T, D // h)
    if how == "d h":
        return x.reshape(B, T, D // h, h).swap(2, 3).swap(1, 2)
    return x.reshape(B, T, h, D // h).swap(1, 2)


def join(x, how):
    B, h, T, d = x.value.shape
    if how == "no swap":
        return x.reshape(B, T, h * d)
    return (x.swap(1, 2).swap(2, 3) if how == "d h" else x.swap(1, 2)).reshape(B, T, h * d)


def heads(w, h, x, y, mask, scale=None, splitting="", joining="", turned=(), dropped=(), exchanged=False, weigh=None):
    """The steps of multi-head attention of x to y; w: its matrices and biases as Vars."""
    def linear(a, name, bias):
        a = a @ (w[name] if name in turned else w[name].swap(0, 1))
        return a if bias is None or bias in dropped else a + w[bias]

    q, k, v = (split(a, h, splitting) for a in (linear(x, "w_q", "b_q"), linear(y, "w_k", None), linear(y, "w_v", "b_v")))
    if exchanged:
        k, v = v, k
    s = q @ k.swap(-1, -2) * (q.value.shape[-1] ** -0.5 if scale is None else scale(q.value.shape))
    weights = soft(s, mask, weigh)
    together = join(weights @ v, joining)
    out = together if "w_o" in dropped else linear(together, "w_o", "b_o")
    return out, {"q": q, "k": k, "v": v, "scores": s, "weights": weights, "heads": together}


def params(g, skip=()):
    return {n: Var(x) for n, x in g.items() if isinstance(x, np.ndarray) and x.dtype.kind == "f" and n not in skip}


def finished(g, w, out, steps, differentiated):
    """All steps, the output, the loss and the gradients of steps and parameters."""
    loss = (out.value * g["loss_weight"]).sum()
    total = Var(loss, (out, lambda d: d * g["loss_weight"]))
    backward(total)
    grads = {"d" + n: x.grad + np.zeros(x.value.shape) for n, x in {**w, **{n: steps[n] for n in differentiated}}.items()}
    return {**{n: x.value for n, x in steps.items()}, "out": out.value, "loss": loss, **grads}


def multi_head(g, **how):
    w = params(g, ["loss_weight"])
    out, steps = heads(w, g["h"], w["x"], w["y"], None, **how)
    return finished(g, w, out, steps, ["heads", "q", "k", "v", "scores"])


right("multi_head", multi_head)
ALL_MATRICES = ("w_q", "w_k", "w_v", "w_o")
for name, how in {
        "split-without-transposition": {"splitting": "no swap"}, "split-d-h": {"splitting": "d h"},
        "joined-without-transposition": {"joining": "no swap"}, "joined-d-h": {"joining": "d h"},
        "not-transposed": {"turned": ALL_MATRICES}, "w-q-not-transposed": {"turned": ["w_q"]},
        "w-k-not-transposed": {"turned": ["w_k"]}, "w-v-not-transposed": {"turned": ["w_v"]},
        "w-o-not-transposed": {"turned": ["w_o"]}, "without-query-bias": {"dropped": ["b_q"]},
        "without-value-bias": {"dropped": ["b_v"]}, "without-output-bias": {"dropped": ["b_o"]},
        "without-output-projection": {"dropped": ["w_o"]}, "keys-and-values-exchanged": {"exchanged": True},
        "scaled-by-model-width": {"scale": lambda q: (q[1] * q[3]) ** -0.5}, "unscaled": {"scale": lambda q: 1}}.items():
    mistake("multi_head", "multi-head-" + name, lambda g, how=how: multi_head(g, **how))


def queries_and_keys_exchanged(g):
    values = multi_head({**g, "w_q": g["w_k"], "w_k": g["w_q"]})
    return {**values, "dw_q": values["dw_k"], "dw_k": values["dw_q"]}


mistake("multi_head", "multi-head-queries-and-keys-exchanged", queries_and_keys_exchanged)


# ---- Layer norm, forward and backward by hand ----

def layer_norm(g, ddof=0, eps=None, place="inside", centred=True, over=-1, root=True, y=lambda u, g: g["gain"] * u + g["bias"],
               du=lambda dy, g: g["gain"] * dy, mean=np.mean, dx=lambda f, du, m, u, a: f * (du - m - u * a),
               dgain=lambda u, dy, g: (u * dy).sum(0)):
    x, eps = g["x"], g["eps"] if eps is None else eps
    c = x - x.mean(over, keepdims=True) if centred else x
    v = (c * c).sum(over, keepdims=True) / (x.shape[over] - ddof)
    f = 1 / (v + eps) if not root else 1 / np.sqrt(v + eps) if place == "inside" else 1 / (np.sqrt(v) + eps)
    u = c * f
    out, dy = y(u, g), g["loss_weight"]
    d = du(dy, g)
    back = dx(f, d, mean(d, -1, keepdims=True), u, mean(d * u, -1, keepdims=True))
    steps = {"inverse_deviation": f[:, 0]} if over == -1 else {}
    return {**steps, "normalised": u, "out": out, "loss": (out * dy).sum(), "dx": back, "dgain": dgain(u, dy, g), "dbias": dy.sum(0)}


right("layer_norm_4", layer_norm)
right("layer_norm_7", layer_norm)
mistake("layer_norm_4", "layer-norm-4-unbiased-variance", lambda g: layer_norm(g, ddof=1))
for name, how in {
        "7-unbiased-variance": {"ddof": 1}, "eps-outside": {"place": "outside"}, "eps-left-out": {"eps": 0}, "eps-1e-6": {"eps": 1e-6},
        "eps-1e-8": {"eps": 1e-8}, "eps-1e-3": {"eps": 1e-3}, "rms": {"centred": False}, "no-root": {"root": False},
        "bias-left-out": {"y": lambda u, g: g["gain"] * u}, "gain-around-1": {"y": lambda u, g: (1 + g["gain"]) * u + g["bias"]},
        "gain-times-bias": {"y": lambda u, g: g["gain"] * (u + g["bias"])},
        "backward-without-mean": {"dx": lambda f, du, m, u, a: f * (du - u * a)},
        "backward-without-deviation": {"dx": lambda f, du, m, u, a: f * (du - m)},
        "backward-factor-only": {"dx": lambda f, du, m, u, a: f * du},
        "backward-unscaled": {"dx": lambda f, du, m, u, a: du - m - u * a},
        "backward-signs": {"dx": lambda f, du, m, u, a: f * (du - m + u * a)},
        "backward-without-gain": {"du": lambda dy, g: dy}, "backward-sums-for-means": {"mean": np.sum},
        "backward-gain-from-x": {"dgain": lambda u, dy, g: (g["x"] * dy).sum(0)},
        "backward-gain-of-last-row": {"dgain": lambda u, dy, g: (u * dy)[-1]}}.items():
    mistake("layer_norm_7", "layer-norm-" + name, lambda g, how=how: layer_norm(g, **how))
mistake("layer_norm_7", "layer-norm-over-rows", lambda g: layer_norm(g, over=0), "normalised out loss")


# ---- Layers ----

def norm(x, gain, bias, eps, place="inside", ddof=0):
    n = x.value.shape[-1]
    c = x + x.mean() * -1
    v = (c * c).mean() * (n / (n - ddof))
    inside = place == "inside"
    f = v.map(lambda a: 1 / np.sqrt(a + eps), lambda a: -0.5 * (a + eps) ** -1.5) if inside else \
        v.map(lambda a: 1 / (np.sqrt(a) + eps), lambda a: -0.5 / np.sqrt(a) / (np.sqrt(a) + eps) ** 2)
    return c * f * gain + bias


def layer(g, pre, cross_first=False, residual=("x", "x", "x"), parallel=False, one_residual=False, activation=None, at_end=False,
          no_b_2=False, shared_norm=False, raw=(), cross="memory", cross_prefix="cross_", memory_norm=False, end_norm=False,
          both=False, mask_of=lambda m: m[:, None] > 0, memory_mask_of=lambda m: m[:, None] > 0, norm_of=norm, eps=None, **how):
    """A layer of an encoder, or of a decoder if there is a memory. residual, for each of the sublayers: what is added
    to its answer: x what went in, y what it read, '' nothing, 'detached' x without gradient."""
    w, s = params(g, ["loss_weight"]), {}
    decoder, h = "memory" in g, g["h"]
    eps = g["eps"] if eps is None else eps
    act = ACT[activation or ("gelu" if pre else "relu")]

    def normalise(number, x):
        gains = 1 if shared_norm else number
        return norm_of(x, w[f"norm_{gains}_gain"], w[f"norm_{gains}_bias"], eps)

    def sublayer(x, number, name, f, reads=None, added=None):
        source = x if reads is None else reads
        if pre or both and number == 1:
            y = normalise(number, source)
            if pre:
                s[f"norm_{number}"] = y
            y = source if name in raw else y
        else:
            y = source
        s[name] = f(y)
        what = residual[number - 1]
        base = {"x": x, "y": y, "": None, "detached": x.detached()}[what] if added is None else added
        s["after_" + name] = s[name] * 1 if base is None or one_residual and number == 1 else base + s[name]
        if pre:
            return s["after_" + name]
        s[f"norm_{number}"] = normalise(number, s["after_" + name])
        return s[f"norm_{number}"]

    def self_attention(y):
        out, steps = heads(w, h, y, y, mask_of(g["mask"]), **how)
        s.update(steps)
        return out

    def cross_attention(y):
        prefixed = {n: w[cross_prefix + n] for n in ("w_q", "w_k", "w_v", "w_o", "b_q", "b_v", "b_o")}
        memory = normalise(2, w["memory"]) if memory_norm else w["memory"]
        if cross == "memory":
            out, steps = heads(prefixed, h, y, memory, memory_mask_of(g["memory_mask"]), **how)
        else:
            out, steps = heads(prefixed, h, y, y, mask_of(g["mask"]), **how)
        s.update(cross_q=steps["q"], cross_heads=steps["heads"])
        return out

    def feed_forward(y):
        s["hidden_sums"] = y @ w["w_1"].swap(0, 1) + w["b_1"]
        s["hidden"] = s["hidden_sums"].map(*act)
        out = s["hidden"] @ w["w_2"].swap(0, 1)
        out = out if no_b_2 else out + w["b_2"]
        return out.map(*act) if at_end else out

    first = x = w["x"]
    if decoder and cross_first:
        x = sublayer(x, 2, "cross_attention", cross_attention)
    x = sublayer(x, 1, "self_attention", self_attention)
    if decoder and not cross_first:
        x = sublayer(x, 2, "cross_attention", cross_attention)
    out = sublayer(x, 3, "feed_forward", feed_forward, first if parallel else None, first if one_residual else None)
    if end_norm:
        out = normalise(3, out)
    s.pop("after_feed_forward" if pre else "norm_3")
    published = "scores q k v heads hidden_sums hidden norm_1 norm_2 norm_3 after_self_attention after_cross_attention " \
                "after_feed_forward cross_q cross_heads".split()
    return finished(g, w, out, s, [n for n in published if n in s])


def lay(id, case, only=None, **how):
    """`pre` is what the case has, unless `how` says otherwise."""
    how.setdefault("pre", case.endswith("pre"))
    mistake(case, id, lambda g: layer(g, **how), only)


CASES = {f"{k}-{p}": f"{k}_layer_{p}" for k in ("encoder", "decoder") for p in ("post", "pre")}
for c in CASES.values():
    right(c, lambda g, pre=c.endswith("pre"): layer(g, pre))
for i, c in CASES.items():
    lay(i + "-without-residual", c, residual=("", "", ""))
    lay(i + "-eps-1e-6", c, eps=1e-6)
for k in "encoder", "decoder":
    # Of the other placement: it has norms and sums of other names.
    drop = lambda values: {n: v for n, v in values.items() if not n.lstrip("d").startswith(("norm_3", "after_feed"))}
    mistake(f"{k}_layer_post", f"{k}-post-norm-before", lambda g: drop(layer(g, True, activation="relu")))
    mistake(f"{k}_layer_pre", f"{k}-pre-norm-behind", lambda g: drop(layer(g, False, activation="gelu")))
for i in "encoder-post", "encoder-pre":
    c = CASES[i]
    lay(i + "-attention-without-residual", c, residual=("", "x", "x"))
    lay(i + "-feed-forward-without-residual", c, residual=("x", "x", ""))
    lay(i + "-one-residual", c, one_residual=True)
    lay(i + "-gradient-past-residual", c, residual=("detached",) * 3)
    lay(i + "-eps-left-out", c, eps=0)
    lay(i + "-eps-outside", c, "q k v scores weights heads self_attention after_self_attention norm_1 hidden_sums hidden "
        "feed_forward out loss", norm_of=lambda *a: norm(*a, place="outside"))
    lay(i + "-unbiased-variance", c, "q k v scores weights heads self_attention after_self_attention norm_1 hidden_sums hidden "
        "feed_forward out loss", norm_of=lambda *a: norm(*a, ddof=1))
    lay(i + "-padding-ignored", c, mask_of=lambda m: np.ones_like(m[:, None]) > 0)
    lay(i + "-mask-inverted", c, mask_of=lambda m: m[:, None] == 0)
    lay(i + "-padding-masks-queries", c, mask_of=lambda m: m.swapaxes(1, 2)[:, None] > 0)
    lay(i + "-not-transposed", c, turned=ALL_MATRICES)
    lay(i + "-scaled-by-model-width", c, scale=lambda q: (q[1] * q[3]) ** -0.5)
pre, post = CASES["encoder-pre"], CASES["encoder-post"]
lay("encoder-post-attention-reads-the-norm", post, both=True)
lay("encoder-post-gelu", post, activation="gelu")
lay("encoder-post-no-activation", post, activation="none")
lay("encoder-post-activation-at-the-end", post, at_end=True)
lay("encoder-post-one-norm-for-both", post, shared_norm=True)
lay("encoder-pre-residual-from-norm-attention", pre, residual=("y", "x", "x"))
lay("encoder-pre-residual-from-norm-feed-forward", pre, residual=("x", "x", "y"))
lay("encoder-pre-residuals-from-norms", pre, residual=("y", "x", "y"))
lay("encoder-pre-parallel-sublayers", pre, parallel=True)
lay("encoder-pre-feed-forward-not-normalised", pre, raw=["feed_forward"])
lay("encoder-pre-one-norm-for-both", pre, shared_norm=True)
lay("encoder-pre-normalised-at-the-end", pre, end_norm=True)
lay("encoder-pre-relu", pre, activation="relu")
lay("encoder-pre-gelu-tanh", pre, activation="tanh")
lay("encoder-pre-gelu-quick", pre, activation="quick")
lay("encoder-pre-without-second-bias", pre, no_b_2=True)
for i in "decoder-post", "decoder-pre":
    c = CASES[i]
    lay(i + "-cross-asks-itself", c, cross="self")
    lay(i + "-memory-padding-ignored", c, memory_mask_of=lambda m: np.ones_like(m[:, None]) > 0)
    lay(i + "-cross-with-self-weights", c, cross_prefix="")
    lay(i + "-cross-without-residual", c, residual=("x", "", "x"))
    lay(i + "-cross-first", c, cross_first=True)
    lay(i + "-not-causal", c, mask_of=lambda m: np.ones_like(m[:, None]) > 0, memory_mask_of=lambda m: np.ones_like(m[:, None]) > 0)
    lay(i + "-causal-mask-transposed", c, mask_of=lambda m: m.swapaxes(1, 2)[:, None] > 0)
lay("decoder-pre-memory-normalised", CASES["decoder-pre"], memory_norm=True)
lay("decoder-pre-cross-not-normalised", CASES["decoder-pre"], raw=["cross_attention"])


# ---- GELU, positions, smoothing, rates ----

def activated(g, f, slope):
    out = f(g["x"])
    return {"out": out, "loss": (out * g["loss_weight"]).sum(), "dx": slope(g["x"]) * g["loss_weight"]}


def density(x):
    return np.exp(-x * x / 2) / (2 * np.pi) ** 0.5


def below(x):
    return (1 + erf(x / 2 ** 0.5)) / 2


right("gelu", lambda g: activated(g, *ACT["gelu"]))
for name, (f, slope) in {
        "tanh": ACT["tanh"], "relu": ACT["relu"], "quick": ACT["quick"], "silu": ACT["silu"],
        "not-halved": (lambda x: 2 * gelu(x), lambda x: 2 * gelu_slope(x)),
        "erf-of-x": (lambda x: x * (1 + erf(x)) / 2, lambda x: (1 + erf(x)) / 2 + x * np.exp(-x * x) / np.pi ** 0.5),
        "backward-without-density": (gelu, below), "backward-density-without-x": (gelu, lambda x: below(x) + density(x)),
        "backward-wrong-density": (gelu, lambda x: below(x) + x * np.exp(-x * x) / (2 * np.pi) ** 0.5)}.items():
    mistake("gelu", "gelu-" + name, lambda g, f=f, slope=slope: activated(g, f, slope))


def positions(g, angle=lambda p, i, D, base: p / base ** (2 * i / D), order="alternate", start=0):
    p, i = np.arange(start, start + g["count"])[:, None], np.arange(g["width"] // 2)
    a = angle(p, i, g["width"], float(g["base"]))
    if order == "halves":
        return {"positions": np.concatenate([np.sin(a), np.cos(a)], 1)}
    pair = [np.cos(a), np.sin(a)] if order == "cosines first" else [np.sin(a), np.cos(a)]
    return {"positions": np.stack(pair, -1).reshape(len(p), -1)}


right("positions", positions)
for name, how in {
        "halves": {"order": "halves"}, "cosines-first": {"order": "cosines first"}, "from-1": {"start": 1},
        "base-1000": {"angle": lambda p, i, D, base: p / 1000 ** (2 * i / D)},
        "exponent-halved": {"angle": lambda p, i, D, base: p / base ** (i / D)},
        "tensor2tensor": {"order": "halves", "angle": lambda p, i, D, base: p / base ** (i / (D / 2 - 1))},
        "multiplied": {"angle": lambda p, i, D, base: p * base ** (2 * i / D)}}.items():
    mistake("positions", "positions-" + name, lambda g, how=how: positions(g, **how))


def by_column(g, exponent):
    p, j = np.arange(g["count"])[:, None], np.arange(g["width"])
    a = p / 10000 ** exponent(j, g["width"])
    return {"positions": np.where(j % 2 == 0, np.sin(a), np.cos(a))}


mistake("positions", "positions-exponent-of-column", lambda g: by_column(g, lambda j, D: 2 * j / D))
mistake("positions", "positions-sine-and-cosine-of-their-columns", lambda g: by_column(g, lambda j, D: j / D))


def over_all(k, e, V):
    return np.where(np.arange(V) == k, 1 - e, 0) + e / V


def over_others(k, e, V):
    q = np.where(np.arange(V) == k, 1 - e, e / (V - 2))
    q[0] = 0
    return q


def smoothing(g, q_all=over_all, q_others=over_others, count=lambda targets: (targets >= 0).sum(), entropy=False,
              back=lambda p, q, k, n: (p - q) / n):
    p, V, e = softmax(g["logits"]), g["logits"].shape[1], g["e"]
    n, result = count(g["targets"]), {"probabilities": p}
    for form, q_of in (("over_all", q_all), ("over_others", q_others)):
        losses, grad = np.zeros(len(p)), np.zeros_like(p)
        for row, k in enumerate(g["targets"]):
            if k < 0:
                continue
            q = q_of(k, e, V)
            losses[row] = -(q * np.log(p[row])).sum()
            if entropy:
                losses[row] += (q[q > 0] * np.log(q[q > 0])).sum()
            grad[row] = back(p[row], q, k, n)
        result.update({"losses_" + form: losses, form: losses.sum() / n, "dlogits_" + form: grad})
    return result


def spread(target, others, first=None):
    """A distribution with this for the target and that for the others, of e and V."""
    def of(k, e, V):
        q = np.where(np.arange(V) == k, target(e, V), others(e, V))
        if first is not None:
            q[0] = first
        return q
    return of


right("label_smoothing", smoothing)
for name, how in {
        "mean-over-padding": {"count": len}, "summed": {"count": lambda targets: 1},
        "over-v-minus-1": {"q_all": spread(lambda e, V: 1 - e, lambda e, V: e / (V - 1))},
        "target-keeps-1": {"q_all": spread(lambda e, V: 1 + e / V, lambda e, V: e / V)},
        "target-loses-share": {"q_all": spread(lambda e, V: 1 - e, lambda e, V: e / V)},
        "padding-gets-a-share": {"q_others": spread(lambda e, V: 1 - e, lambda e, V: e / (V - 2))},
        "others-over-v-minus-1": {"q_others": spread(lambda e, V: 1 - e, lambda e, V: e / (V - 1), 0)},
        "kl-divergence": {"entropy": True}, "backward-summed": {"back": lambda p, q, k, n: p - q},
        "backward-sign": {"back": lambda p, q, k, n: (q - p) / n},
        "backward-not-smoothed": {"back": lambda p, q, k, n: (p - (np.arange(len(p)) == k)) / n}}.items():
    mistake("label_smoothing", "smoothing-" + name, lambda g, how=how: smoothing(g, **how))


def noam(g, count=lambda s: s, choose=np.minimum, width=-0.5, rise=lambda s, w: s * w ** -1.5, fall=lambda s, w: s ** -0.5):
    s, w = count(g["steps"].astype(float)), float(g["warm_up"])
    return {"rate": g["D"] ** width * choose(rise(s, w), fall(np.maximum(s, 1e-300), w))}


for case in "noam", "noam_first_steps":
    right(case, noam)
for name, case, how in [
        ("noam-from-0", "noam_first_steps", {"count": lambda s: s - 1}), ("noam-from-2", "noam_first_steps", {"count": lambda s: s + 1}),
        ("noam-first-rate-twice", "noam_first_steps", {"count": lambda s: np.maximum(s - 1, 1)}), ("noam-later-from-0", "noam", {"count": lambda s: s - 1}), ("noam-maximum", "noam", {"choose": np.maximum}),
        ("noam-width-not-under-root", "noam", {"width": -1.0}), ("noam-width-left-out", "noam", {"width": 0.0}),
        ("noam-no-fall", "noam", {"fall": lambda s, w: 0 * s + w ** -0.5}),
        ("noam-warm-up-squared", "noam_first_steps", {"rise": lambda s, w: s * w ** -2.0}),
        ("noam-warm-up-share", "noam_first_steps", {"rise": lambda s, w: s / w})]:
    mistake(case, name, lambda g, how=how: noam(g, **how))


# ---- Models ----

def decoder(g, w, ids, layers, embedding_scale=lambda D: D ** 0.5, positions_scale=1, start=0, by_sequence=False, causal=True,
            last=True, tied=True, pre=True, activation="gelu"):
    """A decoder alone: logits, what the first layer reads, keys and values of the layers (ends of names)."""
    (N, T), D, h = ids.shape, g["embedding"].shape[1], g["h"]
    pe = positions({"count": T if not by_sequence else N, "width": D, "base": 10000}, start=start)["positions"]
    x = w["embedding"].rows(ids) * embedding_scale(D) + positions_scale * (pe[:, None] if by_sequence else pe)
    steps = {"embedded": x}
    mask = np.broadcast_to(np.tril(np.ones((T, T))) > 0 if causal is True else causal(T), (N, 1, T, T))

    def normalise(y, name, end):
        return norm(y, w[name + "_gain" + end], w[name + "_bias" + end], g["norm_eps"])

    for end in layers:
        a = {n: w[n + end] for n in ("w_q", "w_k", "w_v", "w_o", "b_q", "b_v", "b_o", "w_1", "b_1", "w_2", "b_2")}
        y = normalise(x, "norm_1", end) if pre else x
        out, s = heads(a, h, y, y, mask)
        steps.update({"k" + end: s["k"], "v" + end: s["v"]})
        x = x + out if pre else normalise(x + out, "norm_1", end)
        y = normalise(x, "norm_3", end) if pre else x
        f = (y @ a["w_1"].swap(0, 1) + a["b_1"]).map(*ACT[activation]) @ a["w_2"].swap(0, 1) + a["b_2"]
        x = x + f if pre else normalise(x + f, "norm_3", end)
    x = normalise(x, "decoder_end", "") if last else x
    return x @ (w["embedding"] if tied else w["embedding"].detached()).swap(0, 1), steps


def training(g, first=1, correct="mv", eps="outside", adam_eps=None, decay="decoupled", cleared=True, betas=(0, 1), v_of="g",
             momentum=False, step_of="m", sign=-1, count=lambda y: (y >= 0).sum(), **how):
    names = [n for n, x in g.items() if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
    now, m, v, kept = {n: g[n].copy() for n in names}, {}, {}, {}
    rate, e = g["rate"], g["adam_eps"] if adam_eps is None else adam_eps
    b1, b2 = ((g["beta1"], g["beta2"])[i] for i in betas)
    total = {n: 0 for n in names}
    for t, (ids, y) in enumerate(zip(g["x"], g["y"]), first):
        w = {n: Var(x) for n, x in now.items()}
        logits, steps = decoder(g, w, ids, [""], **how)
        p, used = softmax(logits.value), y >= 0
        hot = np.eye(p.shape[-1])[np.maximum(y, 0)]
        loss = -(np.log((p * hot).sum(-1)) * used).sum() / count(y)
        backward(Var(loss, (logits, lambda d: d * (p - hot) * used[..., None] / count(y))))
        for name, x in (("embedded", steps["embedded"].value), ("logits", logits.value), ("losses", loss)):
            kept.setdefault(name, []).append(x)
        for n in names:
            grad = w[n].grad + np.zeros_like(now[n])
            total[n] = grad = grad if cleared else total[n] + grad
            kept.setdefault("d" + n, []).append(grad)
            u = grad + g["decay"] * now[n] if decay == "l2" else grad
            m[n] = b1 * m.get(n, 0) + (1 if momentum else 1 - b1) * u
            v[n] = b2 * v.get(n, 0) + (1 - b2) * (m[n] if v_of == "m" else u) ** 2
            mean = m[n] / (1 - b1 ** t) if "m" in correct else m[n]
            mean = u if step_of == "g" else mean
            square = v[n] / (1 - b2 ** t) if "v" in correct else v[n]
            if eps == "inside":
                size = np.sqrt(square + e)
            elif eps == "before":
                size = (np.sqrt(v[n]) + e) / np.sqrt(1 - b2 ** t)
            else:
                size = np.sqrt(square) + e
            step = sign * rate * mean / size
            keep = {"decoupled": 1 - rate * g["decay"], "without rate": 1 - g["decay"], "behind": 1 - rate * g["decay"]}.get(decay, 1)
            now[n] = keep * (now[n] + step) if decay == "behind" else keep * now[n] + step
            kept.setdefault(n + "_after", []).append(now[n].copy())
        kept.setdefault("m_embedding", []).append(m["embedding"].copy())
        kept.setdefault("v_embedding", []).append(v["embedding"].copy())
    return {n: np.stack(x) for n, x in kept.items()}


right("training", training)
for name, how in {
        "embedding-unscaled": {"embedding_scale": lambda D: 1}, "embedding-divided": {"embedding_scale": lambda D: D ** -0.5},
        "positions-from-1": {"start": 1}, "positions-left-out": {"positions_scale": 0}, "positions-scaled": {"positions_scale": 6 ** 0.5},
        "positions-of-sequences": {"by_sequence": True}, "not-causal": {"causal": lambda T: np.ones((T, T)) > 0},
        "last-norm-left-out": {"last": False}, "embedding-gradient-of-input-only": {"tied": False}, "post-norm": {"pre": False},
        "relu": {"activation": "relu"}, "gelu-tanh": {"activation": "tanh"}, "loss-over-padding": {"count": np.size},
        "loss-summed": {"count": lambda y: 1}, "gradients-not-cleared": {"cleared": False},
        "adam-without-bias-correction": {"correct": ""}, "adam-bias-correction-of-m-only": {"correct": "m"},
        "adam-bias-correction-of-v-only": {"correct": "v"}, "adam-counts-from-2": {"first": 2}, "adam-counts-from-0": {"first": 0},
        "adam-eps-inside": {"eps": "inside"}, "adam-eps-before-correction": {"eps": "before"}, "adam-eps-1e-8": {"adam_eps": 1e-8},
        "adam-l2": {"decay": "l2"}, "adam-without-decay": {"decay": ""}, "adam-decay-without-rate": {"decay": "without rate"},
        "adam-decay-behind-the-step": {"decay": "behind"}, "adam-betas-exchanged": {"betas": (1, 0)}, "adam-v-of-m": {"v_of": "m"},
        "adam-m-as-momentum": {"momentum": True}, "adam-gradient-for-m": {"step_of": "g"},
        "adam-ascent": {"sign": 1}}.items():
    mistake("training", "training-" + name, lambda g, how=how: training(g, **how))


def kv_cache(g, start_of=None, **how):
    """The whole sequence at once, which gives the same; start_of: the positions of a cache that miscounts."""
    w = params(g)
    if start_of is not None:
        D = g["embedding"].shape[1]
        pe = positions({"count": g["ids"].shape[1], "width": D, "base": 10000})["positions"]
        own = dict(w, embedding=w["embedding"])
        shift = pe[start_of(np.arange(len(pe)))] - pe
        rows = Var.rows
        own["embedding"] = Var(w["embedding"].value)
        own["embedding"].rows = lambda ids: rows(own["embedding"], ids) + shift / D ** 0.5
        w = own
    logits, steps = decoder(g, w, g["ids"], ["", "_2"], **how)
    return {**{n: x.value for n, x in steps.items() if n != "embedded"}, "embedded": steps["embedded"].value.swapaxes(0, 1),
            "logits": logits.value.swapaxes(0, 1)}


right("kv_cache", kv_cache)
mistake("kv_cache", "kv-cache-position-0", lambda g: kv_cache(g, lambda t: 0 * t))
mistake("kv_cache", "kv-cache-position-one-behind", lambda g: kv_cache(g, lambda t: np.maximum(t - 1, 0)))
mistake("kv_cache", "kv-cache-sees-itself-only", lambda g: kv_cache(g, causal=lambda T: np.eye(T) > 0))
mistake("kv_cache", "kv-cache-mask-upper-left", lambda g: kv_cache(g, causal=lambda T: np.eye(T)[:1].repeat(T, 0) > 0))
mistake("kv_cache", "kv-cache-mask-strict", lambda g: kv_cache(g, causal=lambda T: np.tril(np.ones((T, T)), -1) > 0))

run("transformer")
