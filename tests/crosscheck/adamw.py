"""Chapter adamw against torch.optim's SGD, Adam and AdamW in float64, and where PyTorch has no such rule against NumPy:
means as explicit sums over all gradients so far, bounds as sums of Cauchy and Schwarz."""
import numpy as np
import torch

from check import run


def numbers(given):
    arrays = {k: v.detach().numpy() for k, v in given.items()}
    return {k: v.item() if v.ndim == 0 else v for k, v in arrays.items()}


# ---- PyTorch ----

def by_torch(x, optimiser, state, prepare=lambda o, t: None, gradients=None):
    """Every step of an optimiser on the given gradients: the weights, and what it keeps under the names of `state`."""
    w = torch.nn.Parameter(torch.from_numpy(x["w0"].copy()))
    o, kept = optimiser(w), {name: [] for name in ["w", *state]}
    for t, g in enumerate(x["g"] if gradients is None else gradients):
        w.grad = torch.from_numpy(g.copy())
        o.param_groups[0]["lr"] = x["rate"][t]
        prepare(o, t)
        o.step()
        kept["w"].append(w.detach().numpy().copy())
        for name in state:
            kept[name].append(o.state[w][name].numpy().copy())
    return {name: np.array(rows) for name, rows in kept.items()}


def momentum(given, nesterov=False):
    x = numbers(given)
    kept = by_torch(x, lambda w: torch.optim.SGD([w], lr=1, momentum=x["momentum"], dampening=x["dampening"],
                                                 weight_decay=x["decay"], nesterov=nesterov), ["momentum_buffer"])
    return {"buf": kept["momentum_buffer"], "w": kept["w"]}


def adam(given, kind=torch.optim.Adam, amsgrad=False, decay=lambda x: x.get("decay", 0), gradients=None, **more):
    x = numbers(given)
    state = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * amsgrad
    kept = by_torch(x, lambda w: kind([w], lr=1, betas=(x["beta1"], x["beta2"]), eps=x["eps"], weight_decay=decay(x),
                                      amsgrad=amsgrad), state, gradients=gradients, **more)
    t = np.arange(1, len(x["g"]) + 1)[:, None]
    m, v, top = kept["exp_avg"], kept["exp_avg_sq"], kept.get("max_exp_avg_sq")
    out = {"m": m, "v": v, "m_hat": m / (1 - x["beta1"] ** t), "w": kept["w"],
           "v_hat": (top if amsgrad else v) / (1 - x["beta2"] ** t)}
    return out


def adam_l2(given):
    x, out = numbers(given), adam(given)
    return {**out, "h": x["g"] + x["decay"] * np.vstack([x["w0"], out["w"][:-1]])}


def adamw_paper(given):
    # with s = rate / alpha the paper's pull s decay is PyTorch's rate (decay / alpha)
    return adam(given, torch.optim.AdamW, decay=lambda x: x["decay"] / x["alpha"])


def eps_hat(given):
    x = numbers(given)

    def prepare(o, t):
        o.param_groups[0]["eps"] = x["eps"] / np.sqrt(1 - x["beta2"] ** (t + 1))
    out = adam(given, prepare=prepare)
    return {name: out[name] for name in ("m", "v", "w")}


def groups(given):
    x = numbers(given)
    parts = [torch.nn.Parameter(torch.from_numpy(x["w0"][x["group"] == k])) for k in range(len(x["decay"]))]
    o = torch.optim.AdamW([{"params": [p], "weight_decay": d} for p, d in zip(parts, x["decay"])],
                          betas=(x["beta1"], x["beta2"]), eps=x["eps"])
    out = {"m": [], "v": [], "w": []}
    for rate, g in zip(x["rate"], x["g"]):
        for k, p in enumerate(parts):
            p.grad = torch.from_numpy(g[x["group"] == k])
            o.param_groups[k]["lr"] = rate * x["factor"][k]
        o.step()
        for name, of in (("m", lambda p: o.state[p]["exp_avg"]), ("v", lambda p: o.state[p]["exp_avg_sq"]),
                         ("w", lambda p: p.detach())):
            out[name].append(np.concatenate([of(p).numpy() for p in parts]))
    return out


def clipped(given):
    x = numbers(given)
    norm = np.linalg.norm(x["g"], axis=1)
    g = x["g"] * np.minimum(1, x["theta"] / norm)[:, None]
    out = adam(given, torch.optim.AdamW, gradients=g)
    return {"norm": norm, "g_clipped": g, **{name: out[name] for name in ("m", "v", "w")}}


# ---- NumPy ----

def means(g, beta):
    """Of the first t rows of g, for every t: sum of (1 - beta) beta^(t - k) g_k."""
    return np.array([sum((1 - beta) * beta ** (t - k) * g[k] for k in range(t + 1)) for t in range(len(g))])


def along(x, steps):
    return x["w0"] - np.cumsum(x["rate"][:, None] * steps, axis=0)


def eps_inside(given):
    x = numbers(given)
    t = np.arange(1, len(x["g"]) + 1)[:, None]
    m, v = means(x["g"], x["beta1"]), means(x["g"] ** 2, x["beta2"])
    m_hat, v_hat = m / (1 - x["beta1"] ** t), v / (1 - x["beta2"] ** t)
    return {"m": m, "v": v, "m_hat": m_hat, "v_hat": v_hat, "w": along(x, m_hat / np.sqrt(v_hat + x["eps"]))}


def uncorrected(given):
    x = numbers(given)
    m, v = means(x["g"], x["beta1"]), means(x["g"] ** 2, x["beta2"])
    return {"m": m, "v": v, "w": along(x, m / (np.sqrt(v) + x["eps"]))}


def reddi(given):
    x = numbers(given)
    v = means(x["g"] ** 2, x["beta2"])
    top = np.maximum.accumulate(v)

    def path(second):
        w, all_w = x["w0"], []
        for t, (g, s) in enumerate(zip(x["g"], second), 1):
            w = np.clip(w - x["alpha"] / np.sqrt(t) * g / np.sqrt(s), -1, 1)
            all_w.append(w)
        return all_w
    return {"v": v, "top": top, "w_adam": path(v), "w_amsgrad": path(top)}


def moments(given):
    # w after t steps is a sum: what is left of w0, and of every noise since
    x = numbers(given)
    keep = 1 - x["rate"][:, None] * x["h"]
    mean = x["w0"] * np.cumprod(keep, axis=0)
    spread = np.array([sum((x["rate"][k] * np.prod(keep[k + 1:t + 1], axis=0)) ** 2 for k in range(t + 1)) * x["variance"] / x["B"]
                       for t in range(len(keep))])
    second = mean ** 2 + spread
    return {"mean": mean, "second": second, "loss": second @ x["h"] / 2}


def bounds(given):
    x, many = numbers(given), 30000

    def ratio(b1, b2, t):
        # max of sum a_k g_k over sqrt(sum b_k g_k^2), a and b the corrected weights of the means
        k = np.arange(t)
        a, b = (1 - b1) * b1 ** k, (1 - b2) * b2 ** k
        return np.sqrt(np.sum(a * (a / a.sum() ** 2 / b * b.sum())))

    def longest(b1, b2):
        return np.sqrt(np.sum((1 - b1) ** 2 / (1 - b2) * (b1 ** 2 / b2) ** np.arange(many)))

    def growing(b1, b2, rho):
        k = np.arange(many)
        return np.sum((1 - b1) * (b1 / rho) ** k) / np.sqrt(np.sum((1 - b2) * (b2 / rho ** 2) ** k))
    pairs = list(zip(x["beta1"], x["beta2"]))
    equal = [[np.sum((1 - b1) * b1 ** np.arange(t)) / np.sqrt(np.sum((1 - b2) * b2 ** np.arange(t))) for t in x["t"]]
             for b1, b2 in pairs]
    return {"longest": [longest(b1, b2) for b1, b2 in pairs], "longest_at": [[ratio(b1, b2, t) for t in x["t"]] for b1, b2 in pairs],
            "growing": [growing(b1, b2, rho) for (b1, b2), rho in zip(pairs, x["rho"])], "uncorrected": equal}


if __name__ == "__main__":
    run("adamw", "torch.optim and NumPy", {
        "momentum": momentum, "nesterov": lambda g: momentum(g, True), "adam": adam, "adam_l2": adam_l2,
        "adamw": lambda g: adam(g, torch.optim.AdamW), "adamw_paper": adamw_paper, "amsgrad": lambda g: adam(g, amsgrad=True),
        "eps_inside": eps_inside, "eps_hat": eps_hat, "uncorrected": uncorrected, "groups": groups, "clipped": clipped,
        "reddi": reddi, "moments": moments, "bounds": bounds})
