"""Chapter activations in NumPy, from the text's formulas, right and with one mistake at a time."""
import math
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def below(x, root=math.sqrt(2), half=0.5):
    return half * (1 + erf(x / root))


def density(x):
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


# ---- One function: value and slope, each of (x, the case's numbers) ----

def tanh_form(x, g, root=math.sqrt(2 / math.pi), cubic=None, power=3):
    return x * (1 + np.tanh(root * (x + (cubic or g["cubic"]) * x ** power))) / 2


def tanh_slope(x, g, three=3, root=math.sqrt(2 / math.pi)):
    t = np.tanh(root * (x + g["cubic"] * x ** 3))
    return (1 + t + x * (1 - t * t) * root * (1 + three * g["cubic"] * x * x)) / 2


def mish_t(x):
    return np.tanh(np.logaddexp(0, x))


VALUE = {
    "sigmoid": lambda x, g: sigmoid(x),
    "tanh": lambda x, g: np.tanh(x),
    "relu": lambda x, g: np.maximum(x, 0),
    "leaky_relu": lambda x, g: np.where(x > 0, x, g["leak"] * x),
    "elu": lambda x, g: np.where(x > 0, x, g["alpha"] * np.expm1(x)),
    "selu": lambda x, g: g["lambda"] * np.where(x > 0, x, g["alpha"] * np.expm1(x)),
    "softplus": lambda x, g: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))),
    "silu": lambda x, g: x * sigmoid(x),
    "gelu": lambda x, g: x * below(x),
    "gelu_tanh": tanh_form,
    "gelu_sigmoid": lambda x, g: x * sigmoid(g["steepness"] * x),
    "mish": lambda x, g: x * mish_t(x),
}

SLOPE = {
    "sigmoid": lambda x, y, g: y * (1 - y),
    "tanh": lambda x, y, g: 1 - y * y,
    "relu": lambda x, y, g: (x > 0) * 1.0,
    "leaky_relu": lambda x, y, g: np.where(x > 0, 1, g["leak"]),
    "elu": lambda x, y, g: np.where(x > 0, 1, y + g["alpha"]),
    "selu": lambda x, y, g: np.where(x > 0, g["lambda"], y + g["lambda"] * g["alpha"]),
    "softplus": lambda x, y, g: sigmoid(x),
    "silu": lambda x, y, g: sigmoid(x) + y * (1 - sigmoid(x)),
    "gelu": lambda x, y, g: below(x) + x * density(x),
    "gelu_tanh": lambda x, y, g: tanh_slope(x, g),
    "gelu_sigmoid": lambda x, y, g: (lambda s: s + g["steepness"] * y * (1 - s))(sigmoid(g["steepness"] * x)),
    "mish": lambda x, y, g: mish_t(x) + x * (1 - mish_t(x) ** 2) * sigmoid(x),
}


def function(name, value=None, slope=None):
    def case(g):
        x = g["x"]
        y = (value or VALUE[name])(x, g)
        s = (slope or SLOPE[name])(x, y, g)
        return {"y": y, "slope": s, "dx": s * g["dy"]}
    return case


for name in VALUE:
    right(name, function(name))

mistake("sigmoid", "sigmoid-slope-of-x", function("sigmoid", slope=lambda x, y, g: x * (1 - x)))
mistake("sigmoid", "sigmoid-twice", function("sigmoid", slope=lambda x, y, g: sigmoid(y) * (1 - sigmoid(y))))
mistake("tanh", "tanh-twice", function("tanh", slope=lambda x, y, g: 1 - np.tanh(y) ** 2))
mistake("tanh", "tanh-slope-as-sigmoid", function("tanh", slope=lambda x, y, g: y * (1 - y)))
mistake("relu", "relu-slope-at-zero", function("relu", slope=lambda x, y, g: (x >= 0) * 1.0))
mistake("relu", "relu-slope-half", function("relu", slope=lambda x, y, g: np.heaviside(x, 0.5)))
mistake("leaky_relu", "leaky-slope-zero", function("leaky_relu", slope=lambda x, y, g: (x > 0) * 1.0))
mistake("elu", "elu-slope-without-alpha", function("elu", slope=lambda x, y, g: np.where(x > 0, 1, y)))
mistake("selu", "selu-slope-alpha",
        function("selu", slope=lambda x, y, g: np.where(x > 0, g["lambda"], y + g["alpha"])))
mistake("selu", "selu-alpha-one", function("selu", lambda x, g: g["lambda"] * np.where(x > 0, x, np.expm1(x)),
                                           lambda x, y, g: np.where(x > 0, g["lambda"], y + g["lambda"])))
mistake("softplus", "softplus-slope-sign", function("softplus", slope=lambda x, y, g: sigmoid(-x)))
mistake("silu", "silu-slope-sigmoid", function("silu", slope=lambda x, y, g: sigmoid(x) * (1 - sigmoid(x))))
mistake("silu", "silu-slope-gate-only", function("silu", slope=lambda x, y, g: sigmoid(x)))
mistake("gelu", "gelu-slope-p-only", function("gelu", slope=lambda x, y, g: below(x)))
mistake("gelu", "gelu-slope-density-without-x", function("gelu", slope=lambda x, y, g: below(x) + density(x)))
mistake("gelu", "gelu-tanh-for-erf",
        function("gelu", lambda x, g: tanh_form(x, {"cubic": 0.044715}), lambda x, y, g: tanh_slope(x, {"cubic": 0.044715})),
        only="y")
mistake("gelu", "gelu-sigmoid-for-erf", function("gelu", lambda x, g: x * sigmoid(1.702 * x)), only="y")
mistake("gelu_tanh", "gelu-tanh-square", function("gelu_tanh", lambda x, g: tanh_form(x, g, power=2)), only="y")
mistake("gelu_tanh", "gelu-tanh-slope-three", function("gelu_tanh", slope=lambda x, y, g: tanh_slope(x, g, three=1)))
mistake("gelu_sigmoid", "gelu-sigmoid-slope-factor", function(
    "gelu_sigmoid", slope=lambda x, y, g: (lambda s: s + y * (1 - s))(sigmoid(g["steepness"] * x))))
mistake("mish", "mish-tanh-of-x", function("mish", lambda x, g: x * np.tanh(x)), only="y")
mistake("mish", "mish-slope-t", function("mish", slope=lambda x, y, g: mish_t(x)))


# ---- Gated layers ----

GATES = {
    "glu": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "bilinear": (lambda x: x, np.ones_like),
    "reglu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "geglu": (lambda x: x * below(x), lambda x: below(x) + x * density(x)),
    "swiglu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
}


def layer(name, wrong="", f=None):
    own, slope = GATES[name]
    f = f or own

    def case(g):
        x, w, b, v, c, weight = (g[n] for n in ("x", "w", "b", "v", "c", "loss_weight"))
        gate, value = x @ w.T + b, x @ v.T + c
        if wrong == "swapped":
            gate, value = value, gate
        opened = f(gate)
        y = opened * value
        dvalue, dopen = opened * weight, value * weight
        if wrong == "value from gate":
            dvalue = gate * weight
        if wrong == "without value":
            dopen = weight
        dgate = dopen * (1 if wrong == "no slope" else slope(gate))
        ours = {"gate": gate, "value": value, "open": opened, "y": y, "loss": (y * weight).sum(), "dopen": dopen,
                "dvalue": dvalue, "dgate": dgate}
        if wrong == "swapped":
            gate_side, value_side = (v, "dv", "dc"), (w, "dw", "db")
        else:
            gate_side, value_side = (w, "dw", "db"), (v, "dv", "dc")
        for d, (matrix, dm, db) in ((dgate, gate_side), (dvalue, value_side)):
            ours[dm], ours[db] = d.T @ x, d.sum(0)
        return ours | {"dx": dgate @ gate_side[0] + dvalue @ value_side[0]}
    return case


for name in GATES:
    right(name, layer(name))
mistake("swiglu", "glu-halves-swapped", layer("swiglu", "swapped"))
mistake("geglu", "geglu-halves-swapped", layer("geglu", "swapped"))
mistake("swiglu", "gate-slope-missing", layer("swiglu", "no slope"))
mistake("swiglu", "value-gradient-from-gate", layer("swiglu", "value from gate"))
mistake("geglu", "gate-gradient-without-value", layer("geglu", "without value"))
mistake("swiglu", "swiglu-without-x", layer("swiglu", f=sigmoid), only="gate value open y loss")
mistake("geglu", "geglu-linear-gate", layer("geglu", f=lambda x: x), only="gate value open y loss")


# ---- Averages ----

def maps(wrong=""):
    def case(g):
        x = np.sqrt(g["q"])[:, None] * g["z"] if wrong != "q as std" else g["q"][:, None] * g["z"]
        selu = {"alpha": g["alpha"], "lambda": g["lambda"]}
        values, slopes = [], []
        for name in ("tanh", "gelu", "selu"):
            values.append(VALUE[name](x, selu))
            slopes.append(SLOPE[name](x, values[-1], selu))
        values, slopes, weight = np.array(values), np.array(slopes), g["weight"]
        mean, square = values @ weight, values ** 2 @ weight
        slope_square = (slopes if wrong == "slope" else slopes ** 2) @ weight
        counts = square - mean ** 2 if wrong == "variance" else square
        following = g["sigma_w2"] * counts + g["sigma_b2"]
        if wrong == "bias scaled":
            following = g["sigma_w2"] * (counts + g["sigma_b2"])
        return {"mean": mean, "square": square, "slope_square": slope_square, "next": following,
                "chi": g["sigma_w2"] * slope_square}
    return case


right("variance_map", maps())
mistake("variance_map", "map-variance-of-f", maps("variance"))
mistake("variance_map", "map-bias-scaled", maps("bias scaled"))
mistake("variance_map", "map-q-as-std", maps("q as std"))
mistake("variance_map", "chi-slope-not-squared", maps("slope"))


def correlation(wrong=""):
    def case(g):
        z, weight, q = g["z"], g["weight"], g["q"]
        following = g["sigma_w2"] * np.tanh(math.sqrt(q) * z) ** 2 @ weight + g["sigma_b2"]
        results = []
        for c in g["c"]:
            own = 1 - c if wrong == "1 - c" else math.sqrt(1 - c * c)
            u, v = math.sqrt(q) * z[:, None], math.sqrt(q) * (c * z[:, None] + own * z[None, :])
            both = g["sigma_w2"] * weight @ (np.tanh(u) * np.tanh(v)) @ weight
            both += 0 if wrong == "no bias" else g["sigma_b2"]
            results.append(both / (q if wrong == "over q" else following))
        c, other = g["c"], np.arccos(g["c"]) if wrong == "arccos" else math.pi - np.arccos(g["c"])
        slope = 1 - np.tanh(math.sqrt(q) * z) ** 2
        return {"next_q": following, "next_c": np.array(results), "chi": g["sigma_w2"] * slope ** 2 @ weight,
                "relu_next_c": (np.sqrt(1 - c * c) + c * other) / math.pi}
    return case


right("correlation_map", correlation())
mistake("correlation_map", "correlation-one-minus-c", correlation("1 - c"))
mistake("correlation_map", "correlation-no-bias", correlation("no bias"))
mistake("correlation_map", "correlation-over-q", correlation("over q"))
mistake("correlation_map", "relu-correlation-arccos", correlation("arccos"))


def initialisation(he=lambda i, o: np.sqrt(2 / i), pytorch=lambda i: 1 / np.sqrt(3 * i), width=math.sqrt(3)):
    def case(g):
        fan_in, fan_out = g["fan_in"].astype(float), g["fan_out"].astype(float)
        std = {"lecun": g["gain"] / np.sqrt(fan_in), "glorot": g["gain"] * np.sqrt(2 / (fan_in + fan_out)),
               "he": he(fan_in, fan_out), "pytorch": pytorch(fan_in)}
        return {n + "_std": s for n, s in std.items()} | {n + "_bound": width * s for n, s in std.items()}
    return case


right("initialisation", initialisation())
mistake("initialisation", "he-fan-out", initialisation(he=lambda i, o: np.sqrt(2 / o)))
mistake("initialisation", "he-variance-for-std", initialisation(he=lambda i, o: 2 / i))
mistake("initialisation", "pytorch-bound-as-std", initialisation(pytorch=lambda i: 1 / np.sqrt(i)))
mistake("initialisation", "bound-is-std", initialisation(width=1))


# ---- The perceptron ----

def perceptron(is_right=lambda s: s > 0, step=lambda label, x: label * x):
    def case(g):
        w, mistakes, history = np.zeros(g["x"].shape[1]), [], []
        for visit in range(30):
            x, label = g["x"][visit % 6], g["label"][visit % 6]
            mistakes.append(int(not is_right(label * (w @ x))))
            if mistakes[-1]:
                w = w + step(label, x)
            history.append(w)
        return {"mistake": np.array(mistakes), "w": np.array(history)}
    return case


right("perceptron", perceptron())
mistake("perceptron", "perceptron-not-at-zero", perceptron(lambda s: s >= 0))
mistake("perceptron", "perceptron-no-label", perceptron(step=lambda label, x: x))
mistake("perceptron", "perceptron-no-bias", perceptron(step=lambda label, x: label * x * [1, 1, 0]))

run("activations")
