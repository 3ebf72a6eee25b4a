"""Chapter linear_attention against the explicit masked product in PyTorch, with autograd."""
import torch
import torch.nn.functional as F

from check import run


def elu(x):
    return F.elu(x) + 1


def taylor(x):
    return torch.cat([torch.ones_like(x[..., :1]), x / x.norm(dim=-1, keepdim=True)], -1)


def divided(x, total):
    """Rows whose total is 0 are 0."""
    nothing = total == 0
    return torch.where(nothing, torch.zeros_like(x), x / torch.where(nothing, torch.ones_like(total), total))


def finish(given, out, steps):
    loss = (out * given["loss_weight"]).sum()
    gradients = torch.autograd.grad(loss, [given[n] for n in "qkv"])
    return {**steps, "out": out, "loss": loss, **{"d" + n: g for n, g in zip("qkv", gradients)}}


def causal(given, phi=elu, eps=0.0, form="chunked"):
    q, k, v = phi(given["q"]), phi(given["k"]), given["v"]
    if "length" in given:
        k = k * (torch.arange(k.shape[2]) < given["length"][:, None])[:, None, :, None]
    weights = (q @ k.transpose(-1, -2)).tril()
    total = weights.sum(-1, keepdim=True)
    steps = {"phi_q": q, "phi_k": k}
    if form == "parallel":
        steps.update(weights=weights, total=total)
    elif form == "recurrent":
        steps.update(state=(k[..., None] * v[..., None, :]).cumsum(2).permute(2, 0, 1, 3, 4),
                     z=k.cumsum(2).permute(2, 0, 1, 3))
    else:
        steps.update(normaliser=(total + eps)[..., 0])
    return finish(given, divided(weights @ v, total + eps), steps)


def noncausal(given):
    q, k, v = elu(given["q"]), elu(given["k"]), given["v"]
    weights = q @ k.transpose(-1, -2)
    return finish(given, weights @ v / weights.sum(-1, keepdim=True), {
        "phi_q": q, "phi_k": k, "state": torch.einsum("bhsf,bhsm->bhfm", k, v), "z": k.sum(2)[..., None]})


def two_softmaxes(given):
    q, k, v = given["q"].softmax(-1), given["k"].softmax(-2).transpose(-1, -2), given["v"]
    return finish(given, (q @ k) @ v, {"phi_q": q, "phi_k": k, "state": k @ v})


run("linear_attention", "the explicit masked product; autograd", {
    "parallel": lambda given: causal(given, form="parallel"),
    "recurrent": lambda given: causal(given, form="recurrent"),
    "chunked": causal,
    "noncausal": noncausal,
    "eps_1e-6": lambda given: causal(given, eps=1e-6),
    "padded": causal,
    "relu_features": lambda given: causal(given, phi=torch.relu),
    "two_softmaxes": two_softmaxes,
    "taylor": lambda given: causal(given, phi=taylor),
})
