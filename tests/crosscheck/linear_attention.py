"""Chapter linear_attention against the explicit masked product in PyTorch, with autograd."""
import torch
import torch.nn.functional as F

from check import run


def taylor(x):
    return torch.cat([torch.ones_like(x[..., :1]), x / x.norm(dim=-1, keepdim=True)], -1)


def feature_map(given):
    """phi, as the case's conventions say."""
    maps = {"elu(x) + 1": lambda x: F.elu(x) + 1, "max(x, 0)": torch.relu, "= e^x": torch.exp, "(1, x / |x|)": taylor}
    return next(phi for words, phi in maps.items() if given.says(words))


def divided(x, total):
    """Rows whose total is 0 are 0."""
    nothing = total == 0
    return torch.where(nothing, torch.zeros_like(x), x / torch.where(nothing, torch.ones_like(total), total))


def finish(given, out, steps, differentiated):
    """differentiated: steps whose gradients the case has, {name there: step}."""
    loss = (out * given["loss_weight"]).sum()
    wanted = {**{n: given[n] for n in "qkv"}, **differentiated}
    found = torch.autograd.grad(loss, list(wanted.values()))
    return {**steps, "out": out, "loss": loss, **{"d" + n: g for n, g in zip(wanted, found)}}


def phis(given):
    phi = feature_map(given)
    q, k = phi(given["q"]), phi(given["k"])
    if "length" in given:
        k = k * (torch.arange(k.shape[2]) < given["length"][:, None])[:, None, :, None]
    return q, k


def parallel(given):
    (q, k), v, eps = phis(given), given["v"], given["eps"].item()
    weights = q @ k.transpose(-1, -2)
    weights = weights * torch.ones_like(weights).tril()
    total, sums = weights.sum(-1, keepdim=True), weights @ v
    steps = {"phi_q": q, "phi_k": k, "weights": weights, "total": total, "sums": sums}
    return finish(given, divided(sums, total + eps), steps, steps)


def recurrent(given):
    (q, k), v, eps = phis(given), given["v"], given["eps"].item()
    S, z = torch.zeros_like(k[:, :, 0, :, None] * v[:, :, 0, None]), torch.zeros_like(k[:, :, 0])
    state, sums, numerators, normalisers, out = [], [], [], [], []
    for t in range(q.shape[2]):
        S, z = S + k[:, :, t, :, None] * v[:, :, t, None], z + k[:, :, t]
        n = torch.einsum("bhfm,bhf->bhm", S, q[:, :, t])
        c = (z * q[:, :, t]).sum(-1) + eps
        state, sums, numerators, normalisers = state + [S], sums + [z], numerators + [n], normalisers + [c]
        out.append(divided(n, c[..., None]))
    steps = {"phi_q": q, "phi_k": k, "state": torch.stack(state), "z": torch.stack(sums), "normaliser": torch.stack(normalisers, 2)}
    out = torch.stack(out, 2)
    lists = {"state": (state, 0), "z": (sums, 0), "numerator": (numerators, 2), "normaliser": (normalisers, 2)}
    loss = (out * given["loss_weight"]).sum()
    gradients = {"d" + name: torch.stack(torch.autograd.grad(loss, parts, retain_graph=True), axis)
                 for name, (parts, axis) in lists.items()}
    return {**finish(given, out, steps, {"phi_q": q, "phi_k": k}), **gradients}


def chunked(given):
    """All pairs at once: the answers do not depend on the chunks."""
    (q, k), v, eps = phis(given), given["v"], given["eps"].item()
    weights = (q @ k.transpose(-1, -2)).tril()
    numerator, normaliser = weights @ v, weights.sum(-1) + eps
    steps = {"phi_q": q, "phi_k": k, "normaliser": normaliser}
    return finish(given, divided(numerator, normaliser[..., None]), steps, {**steps, "numerator": numerator})


def noncausal(given):
    (q, k), v, eps = phis(given), given["v"], given["eps"].item()
    state, z = torch.einsum("bhsf,bhsm->bhfm", k, v), k.sum(2)[..., None]
    sums, total = q @ state, q @ z
    steps = {"phi_q": q, "phi_k": k, "state": state, "z": z, "sums": sums, "total": total}
    return finish(given, sums / (total + eps), steps, steps)


def efficient(given):
    q, k, v = given["q"].softmax(-1), given["k"].softmax(-2).transpose(-1, -2), given["v"]
    steps = {"phi_q": q, "phi_k": k, "state": k @ v}
    return finish(given, q @ steps["state"], steps, steps)


run("linear_attention", "the explicit masked product; autograd", {
    "parallel": parallel,
    "recurrent": recurrent,
    "chunked": chunked,
    "noncausal": noncausal,
    "eps_1e-6": chunked,
    "padded": chunked,
    "relu_features": chunked,
    "exp_features": chunked,
    "efficient": efficient,
    "taylor": chunked,
})
