"""Chapter performer in PyTorch with autograd; scipy's QR with its signs made unique; the lemma by its moments."""
import math

import numpy as np
import scipy.linalg
import torch

from check import run


def features(x, w, kind, eps=None, keys=False):
    """phi(d^-1/4 x); eps not None: stabilised by the largest exponent, of each query or of all keys."""
    x = x / x.shape[-1] ** 0.25
    a, h, m = x @ w.T, (x * x).sum(-1, keepdim=True) / 2, w.shape[0]
    if kind == "trigonometric":
        return torch.cat([a.cos(), a.sin()], -1) * h.exp() / math.sqrt(m)
    if kind == "relu":
        return torch.relu(a) / math.sqrt(m)
    if kind == "hyperbolic":
        a, m = torch.cat([a, -a], -1), 2 * m
    a = a - h
    if eps is None:
        return a.exp() / math.sqrt(m)
    top = a.amax() if keys else a.amax(-1, keepdim=True)
    return ((a - top).exp() + eps) / math.sqrt(m)


def attention(given, kind, eps=None, causal=False):
    q, k, v, w = (given[n] for n in "qkvw")
    phi_q, phi_k = features(q, w, kind, eps), features(k, w, kind, eps, keys=True)
    kernel = phi_q @ phi_k.T
    if causal:
        kernel = kernel.tril()
    weights = kernel / kernel.sum(-1, keepdim=True)
    out = weights @ v
    loss = (out * given["loss_weight"]).sum()
    dq, dk, dv = torch.autograd.grad(loss, [q, k, v])
    return {"phi_q": phi_q, "phi_k": phi_k, "weights": weights, "out": out, "loss": loss, "dq": dq, "dk": dk, "dv": dv}


def orthogonal(given):
    gaussian, norm = (given[n].detach().numpy() for n in ("gaussian", "norm"))
    d, rows = gaussian.shape[1], []
    for block in gaussian.reshape(-1, d, d):
        q, r = scipy.linalg.qr(block)
        rows.append((q * np.sign(np.diag(r))).T)
    return {"w": np.concatenate(rows)[: len(norm)] * norm[:, None]}


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
    "positive": lambda given: attention(given, "positive"),
    "hyperbolic": lambda given: attention(given, "hyperbolic"),
    "trigonometric": lambda given: attention(given, "trigonometric"),
    "relu": lambda given: attention(given, "relu"),
    "stabilised_eps_0": lambda given: attention(given, "positive", 0.0),
    "stabilised_eps_1e-6": lambda given: attention(given, "positive", given["eps"].item()),
    "causal": lambda given: attention(given, "positive", causal=True),
    "orthogonal": orthogonal,
    "lemma": lemma,
})
