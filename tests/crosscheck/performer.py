"""Chapter performer in PyTorch with autograd; scipy's QR with its signs made unique; the lemma by its moments."""
import math

import numpy as np
import scipy.linalg
import torch

from check import run


def features(given, name):
    """phi(d^-1/4 x) with its steps, by what the conventions say of the map and of the stabiliser."""
    w, x = given["w"], given[name] / given[name].shape[-1] ** 0.25
    a, h, m = x @ w.T, (x * x).sum(-1, keepdim=True) / 2, w.shape[0]
    steps = {"projection_" + name: a}
    if given.says("[cos w x, sin w x]"):
        phi = torch.cat([a.cos(), a.sin()], -1) * h.exp() / math.sqrt(m)
    elif given.says("max(w x, 0)"):
        phi = torch.relu(a) / math.sqrt(m)
    else:
        assert given.says("exp(w x - |x|^2/2)")
        if given.says("exp(-w x - |x|^2/2)"):
            a, m = torch.cat([a, -a], -1), 2 * m
        exponent = steps["exponent_" + name] = a - h
        if given.says("stabilised"):
            top = exponent.amax() if name == "k" else exponent.amax(-1, keepdim=True)
            phi = ((exponent - top).exp() + given["eps"]) / math.sqrt(m)
            steps["log_phi_" + name] = phi.log()
        else:
            phi = exponent.exp() / math.sqrt(m)
    steps["phi_" + name] = phi
    return steps


def attention(given):
    v, steps = given["v"], features(given, "q") | features(given, "k")
    phi_q, phi_k = steps["phi_q"], steps["phi_k"]
    kernel = steps["kernel"] = phi_q @ phi_k.T
    if given.says("causal"):
        kernel = kernel.tril()
        steps |= {"state": torch.einsum("tf,te->tfe", phi_k, v).cumsum(0), "z": phi_k.cumsum(0)}
    if given.says("keep"):
        kernel = kernel * given["keep"]
    normaliser, numerator = kernel.sum(-1, keepdim=True), kernel @ v
    out = numerator / normaliser
    loss = (out * given["loss_weight"]).sum()
    wanted = {n: given[n] for n in "qkv"} | {n: x for n, x in steps.items() if n.startswith(("phi_", "exponent_"))}
    gradients = torch.autograd.grad(loss, list(wanted.values()))
    return {**steps, "normaliser": normaliser, "numerator": numerator, "weights": kernel / normaliser, "out": out,
            "loss": loss, **{"d" + n: g for n, g in zip(wanted, gradients)}}


def orthogonal(given):
    gaussian, norm = (given[n].detach().numpy() for n in ("gaussian", "norm"))
    d, rows = gaussian.shape[1], []
    for block in gaussian.reshape(-1, d, d):
        q, r = scipy.linalg.qr(block)
        rows.append((q * np.sign(np.diag(r))).T)
    directions = np.concatenate(rows)[: len(norm)]
    return {"directions": directions, "w": directions * norm[:, None]}


def lemma(given):
    """Var of one draw from E exp(w . z) = exp(|z|^2 / 2) and E cos(w . z) = exp(-|z|^2 / 2)."""
    x, y, m = given["x"].detach(), given["y"].detach(), given["m"].item()
    norm2 = lambda z: (z * z).sum(-1)
    x2, y2, plus, minus = norm2(x), norm2(y), norm2(x + y), norm2(x - y)
    size, kernel = (-x2 - y2).exp(), (x * y).sum(-1).exp()
    positive = size * (2 * plus).exp() - kernel**2
    hyperbolic = size * ((2 * plus).exp() + 1) / 2 - kernel**2  # cosh^2 = (cosh 2 + 1) / 2
    trigonometric = (x2 + y2).exp() * (1 + (-2 * minus).exp()) / 2 - kernel**2  # cos^2 = (1 + cos 2) / 2
    cosine = (x * y).sum(-1) / (x2 * y2).sqrt()
    angle = cosine.acos()
    relu = (x2 * y2).sqrt() * (angle.sin() + (math.pi - angle) * cosine) / (2 * math.pi)
    return {"mse_positive": positive / m, "mse_hyperbolic": hyperbolic / m, "mse_trigonometric": trigonometric / m,
            "arc_cosine": relu}


run("performer", "the formulas in PyTorch, scipy's QR, moments of the lemma; autograd", {
    **dict.fromkeys(("positive", "hyperbolic", "trigonometric", "relu", "stabilised_eps_0", "stabilised_eps_1e-6",
                     "causal", "padded"), attention),
    "orthogonal": orthogonal,
    "lemma": lemma,
})
