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


def continued(given):
    """All pairs at once of the whole text, and sums over parts of it."""
    q, k = phis(given)
    v, n = given["v"], given["prompt"].item()
    weights = (q @ k.transpose(-1, -2)).tril()
    out = weights @ v / weights.sum(-1, keepdim=True)
    return {"phi_q": q, "phi_k": k, "out_prompt": out[:, :, :n], "out_after": out[:, :, n:].permute(2, 0, 1, 3),
            "state_prompt": k[:, :, :n].transpose(-1, -2) @ v[:, :, :n], "z_prompt": k[:, :, :n].sum(2),
            "state": k.transpose(-1, -2) @ v, "z": k.sum(2)}


def efficient_causal(given):
    """Two softmaxes, that of the keys over the positions so far."""
    q, k, v = given["q"], given["k"], given["v"]
    rho, e = q.softmax(-1), k.exp()
    out = torch.stack([(rho[:, :, i, None] * (k[:, :, :i + 1].softmax(2))).sum(-1, keepdim=True).transpose(-1, -2) @ v[:, :, :i + 1]
                       for i in range(q.shape[2])], 2)[:, :, :, 0]
    return {"rho_q": rho, "e": e, "state": torch.cumsum(e[..., None] * v[:, :, :, None], 2).permute(2, 0, 1, 3, 4),
            "z": torch.cumsum(e, 2).permute(2, 0, 1, 3), "out": out}


def gated(given, gate, step):
    """state[t] = step(state[t-1], k, v, gate), and what else is on the way; out = state^T q."""
    q, k, v = given["q"], given["k"], given["v"]
    S, states, extra, out = torch.zeros_like(k[:, :, 0, :, None] * v[:, :, 0, None]), [], [], []
    for t in range(q.shape[2]):
        S, on_the_way = step(S, k[:, :, t, :, None], v[:, :, t, None], given[gate][:, :, t, None, None])
        states, extra = states + [S], extra + [on_the_way]
        out.append((q[:, :, t, None] @ S)[:, :, 0])
    out = torch.stack(out, 2)
    loss = (out * given["loss_weight"]).sum()
    found = {"d" + n: g for n, g in zip((*"qkv", gate), torch.autograd.grad(loss, [given[n] for n in (*"qkv", gate)], retain_graph=True))}
    found["dstate"] = torch.stack(torch.autograd.grad(loss, states, retain_graph=True))
    if extra[0] is not None:
        found["miss"] = torch.stack(extra, 2)[:, :, :, 0]
        found["dmiss"] = torch.stack(torch.autograd.grad(loss, extra), 2)[:, :, :, 0]
    return {**found, "state": torch.stack(states), "out": out, "loss": loss}


def decay(given):
    return gated(given, "gamma", lambda S, k, v, gamma: (gamma * S + k @ v, None))


def delta(given):
    def step(S, k, v, beta):
        miss = v - k.transpose(-1, -2) @ S
        return S + beta * k @ miss, miss
    return gated(given, "beta", step)


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
    "continued": continued,
    "efficient_causal": efficient_causal,
    "decay": decay,
    "delta": delta,
})
