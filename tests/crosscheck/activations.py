"""Chapter activations against PyTorch's functions and autograd, SciPy's integrals and mpmath."""
import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import integrate, special

from check import run


def backward(loss, **tensors):
    grads = torch.autograd.grad(loss, list(tensors.values()), allow_unused=True)
    return {name: torch.zeros_like(t) if g is None else g for (name, t), g in zip(tensors.items(), grads)}


# ---- One function ----

def elementwise(function):
    def case(given):
        x = given["x"]
        y = function(x, given)
        slope, = torch.autograd.grad(y.sum(), x, retain_graph=True)
        dx, = torch.autograd.grad(y, x, given["dy"])
        return {"y": y, "slope": slope, "dx": dx}
    return case


def selu(x, given):
    # torch's own constants are the float64 ones of the case
    y = F.selu(x)
    own = given["lambda"] * torch.where(x > 0, x, given["alpha"] * torch.expm1(x))
    assert (y - own).abs().max() <= 1e-5
    return y


def gelu_tanh(x, given):
    assert abs(given["cubic"].item() - 0.044715) < 1e-8
    return F.gelu(x, approximate="tanh")


FUNCTIONS = {
    "sigmoid": lambda x, g: torch.sigmoid(x),
    "tanh": lambda x, g: torch.tanh(x),
    "relu": lambda x, g: F.relu(x),
    "leaky_relu": lambda x, g: F.leaky_relu(x, g["leak"].item()),
    "elu": lambda x, g: F.elu(x, g["alpha"].item()),
    "selu": selu,
    "softplus": lambda x, g: F.softplus(x),
    "silu": lambda x, g: F.silu(x),
    "gelu": lambda x, g: F.gelu(x),
    "gelu_tanh": gelu_tanh,
    "gelu_sigmoid": lambda x, g: x * torch.sigmoid(g["steepness"] * x),
    "mish": lambda x, g: F.mish(x),
}


# ---- Gated pairs ----

def gated(function):
    def case(given):
        x, w, b, v, c = (given[n] for n in "xwbvc")
        gate, value = F.linear(x, w, b), F.linear(x, v, c)
        opened = function(gate)
        y = opened * value
        loss = (y * given["loss_weight"]).sum()
        return {"gate": gate, "value": value, "open": opened, "y": y, "loss": loss,
                **backward(loss, dopen=opened, dvalue=value, dgate=gate, dx=x, dw=w, db=b, dv=v, dc=c)}
    return case


def glu(given):
    """torch's own glu halves one tensor: the value first, then the gate."""
    result = gated(torch.sigmoid)(given)
    theirs = F.glu(torch.cat([result["value"], result["gate"]], -1))
    assert (theirs - result["y"]).abs().max() < 1e-5
    return result


# ---- Averages ----

def array(given, name):
    return given[name].detach().numpy()


def variance_map(given):
    z, weight, q = (array(given, n) for n in ("z", "weight", "q"))
    alpha, lam = given["alpha"].item(), given["lambda"].item()
    values = [np.tanh, lambda x: x * special.ndtr(x), lambda x: lam * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))]
    slopes = [lambda x: 1 / np.cosh(x) ** 2,
              lambda x: special.ndtr(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
              lambda x: lam * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))]
    x = np.sqrt(q)[:, None] * z
    mean = np.array([f(x) @ weight for f in values])
    square = np.array([f(x) ** 2 @ weight for f in values])
    slope_square = np.array([f(x) ** 2 @ weight for f in slopes])
    # the rule itself, against adaptive integration on both sides of 0
    for k, f in enumerate(values):
        for i, root in enumerate(np.sqrt(q)):
            parts = [integrate.quad(lambda t: float(f(np.array(root * s * t))) ** 2 * math.exp(-t * t / 2), 0, 12,
                                    points=[0.1, 1, 3], limit=200, epsabs=1e-13)[0] for s in (1, -1)]
            assert abs(sum(parts) / math.sqrt(2 * math.pi) / square[k, i] - 1) < 2e-6, (k, i, sum(parts), square[k, i])
    return {"mean": mean, "square": square, "slope_square": slope_square,
            "next": given["sigma_w2"].item() * square + given["sigma_b2"].item(),
            "chi": given["sigma_w2"].item() * slope_square}


def correlation_map(given):
    z, weight, c = (array(given, n) for n in ("z", "weight", "c"))
    q, w2, b2 = (given[n].item() for n in ("q", "sigma_w2", "sigma_b2"))
    next_q = w2 * np.tanh(math.sqrt(q) * z) ** 2 @ weight + b2
    u = math.sqrt(q) * z[:, None]
    results = []
    for one in c:
        v = math.sqrt(q) * (one * z[:, None] + math.sqrt(1 - one * one) * z[None, :])
        results.append((w2 * weight @ (np.tanh(u) * np.tanh(v)) @ weight + b2) / next_q)
    # ReLU's, from the normal numbers themselves: E max(u, 0) max(v, 0) in polar coordinates
    relu = []
    for one in c:
        angle = math.acos(one)
        part = integrate.quad(lambda t: math.cos(t) * math.cos(t - angle), angle - math.pi / 2, math.pi / 2, epsabs=1e-14)[0]
        relu.append(2 * part / math.pi)
    return {"next_q": next_q, "next_c": np.array(results), "relu_next_c": np.array(relu),
            "chi": w2 * (1 / np.cosh(math.sqrt(q) * z) ** 4) @ weight}


def selu_constants(given):
    density = lambda t: math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    below = integrate.quad(lambda t: math.expm1(-t) * density(t), 0, 12, epsabs=1e-14, epsrel=1e-14)[0]
    square = integrate.quad(lambda t: math.expm1(-t) ** 2 * density(t), 0, 12, epsabs=1e-14, epsrel=1e-14)[0]
    alpha = (given["mean"].item() - 1 / math.sqrt(2 * math.pi)) / below
    lam = math.sqrt(given["mean_square"].item() / (0.5 + alpha * alpha * square))
    # the published closed form (Klambauer et al. 2017, equation 14)
    assert abs(alpha + math.sqrt(2 / math.pi) / (special.erfc(1 / math.sqrt(2)) * math.exp(0.5) - 1)) < 1e-14
    return {"below": below, "below_square": square, "alpha": alpha, "lambda": lam}


def initialisation(given):
    fan_in, fan_out = given["fan_in"].numpy(), given["fan_out"].numpy()
    gain, result = given["gain"].item(), {}
    for name, std in (("lecun", gain / np.sqrt(fan_in)), ("glorot", gain * np.sqrt(2 / (fan_in + fan_out))),
                      ("he", np.sqrt(2 / fan_in)), ("pytorch", 1 / np.sqrt(3 * fan_in))):
        result[name + "_std"], result[name + "_bound"] = std, np.sqrt(3) * std
    # what torch.nn.init draws stays within these bounds and comes near them
    torch.manual_seed(0)
    for i, (m, n) in enumerate(zip(fan_in, fan_out)):
        w = torch.empty(int(n), int(m), dtype=torch.float64)
        for name, draw in (("glorot_bound", lambda: torch.nn.init.xavier_uniform_(w, gain)),
                           ("he_bound", lambda: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu")),
                           ("pytorch_bound", lambda: torch.nn.init.kaiming_uniform_(w, a=math.sqrt(5)))):
            draw()
            bound, largest = result[name][i], w.abs().max().item()
            assert (1 - 12 / w.numel()) * bound < largest <= bound, (name, m, n, largest, bound)
    return result


# ---- Biases ----

def relu_chain(given):
    x, w1, w2 = (given[n] for n in ("x", "w1", "w2"))
    hidden = F.relu(F.linear(x, w1))
    y = F.linear(hidden, w2)
    loss = (y * given["loss_weight"]).sum()
    return {"hidden": hidden, "y": y, "y_of_ax": F.linear(F.relu(F.linear(given["a"] * x, w1)), w2), "loss": loss,
            **backward(loss, dx=x, dw1=w1, dw2=w2)}


def key_bias(given):
    q, k, v, bq, bk, bv = (given[n] for n in ("q", "k", "v", "bq", "bk", "bv"))
    scores = (q + bq) @ (k + bk).T / math.sqrt(q.shape[-1])
    attention = torch.softmax(scores, -1)
    y = attention @ (v + bv)
    loss = (y * given["loss_weight"]).sum()
    g = backward(loss, dscores=scores, dq=q, dk=k, dv=v, dbq=bq, dbk=bk, dbv=bv)
    return {"scores": scores, "attention": attention, "y": y, "loss": loss,
            "dbiases": torch.stack([g.pop("dbq"), g.pop("dbk"), g.pop("dbv")]), **g}


def normed(norm):
    def case(given):
        inner = norm(given["a"] + given["b"], given["eps"].item())
        y = inner + given["shift"]
        loss = (y * given["loss_weight"]).sum()
        g = backward(loss, da=given["a"], db=given["b"], dshift=given["shift"])
        return {"normed": inner, "y": y, "loss": loss, "da": g["da"], "dbiases": torch.stack([g["db"], g["dshift"]])}
    return case


# ---- The perceptron ----

def perceptron(given):
    x, label = given["x"].detach().numpy().astype(np.float64), given["label"].numpy()
    w, mistakes, history = np.zeros(x.shape[1]), [], []
    for visit in range(30):
        p = visit % len(x)
        mistakes.append(not label[p] * (w @ x[p]) > 0)
        w = w + label[p] * x[p] * mistakes[-1]
        history.append(w)
    assert (label * (x @ w) > 0).all()
    return {"mistake": np.array(mistakes).astype(int), "w": np.array(history)}


run("activations", "PyTorch's functions and autograd, SciPy's integrals", {
    **{name: elementwise(f) for name, f in FUNCTIONS.items()},
    "glu": glu,
    "bilinear": gated(lambda x: x.clone()),
    "reglu": gated(F.relu),
    "geglu": gated(F.gelu),
    "swiglu": gated(F.silu),
    "variance_map": variance_map,
    "correlation_map": correlation_map,
    "selu_constants": selu_constants,
    "initialisation": initialisation,
    "relu_chain": relu_chain,
    "key_bias": key_bias,
    "batch_norm_bias": normed(lambda a, eps: F.batch_norm(a, None, None, training=True, eps=eps)),
    "layer_norm_bias": normed(lambda a, eps: F.layer_norm(a, a.shape[-1:], eps=eps)),
    "perceptron": perceptron,
})
