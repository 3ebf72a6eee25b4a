"""Chapter clip against open_clip's ClipLoss and SigLipLoss, torch.nn.functional and autograd, timm's Vision Transformer,
ranks by sorting, and every way in which a batch can be drawn."""
import importlib.util
import itertools
import sys
import warnings

import numpy as np
import torch
import torch.nn.functional as F

from check import run

warnings.filterwarnings("ignore")
from timm.models.vision_transformer import VisionTransformer

# The package's own __init__ wants far more than its losses do.
package = importlib.util.find_spec("open_clip")
if package is None:
    sys.exit("open_clip is missing: pip install --no-deps open_clip_torch")
spec = importlib.util.spec_from_file_location("open_clip_loss", package.submodule_search_locations[0] + "/loss.py")
open_clip = importlib.util.module_from_spec(spec)
spec.loader.exec_module(open_clip)


def gradients(loss, wanted):
    found = torch.autograd.grad(loss, list(wanted.values()))
    return {"d" + n: g for n, g in zip(wanted, found)}


# ---- Losses ----

def pairs(given):
    return F.normalize(given["x"], dim=1), F.normalize(given["y"], dim=1)


def infonce(given, both=True):
    u, v = pairs(given)
    z = torch.exp(given["t"]) * u @ v.T
    own = torch.arange(len(z))
    loss = open_clip.ClipLoss()(u, v, torch.exp(given["t"])) if both else F.cross_entropy(z, own)
    # The loss of z, once more, for its gradient by z
    again = (F.cross_entropy(z, own) + F.cross_entropy(z.T, own)) / 2 if both else F.cross_entropy(z, own)
    result = {"u": u, "v": v, "z": z, "of_rows": torch.softmax(z, 1), "loss": loss}
    if both:
        result["of_columns"] = torch.softmax(z, 0)
    result.update(gradients(again, {"z": z}))
    u, v = pairs(given)
    loss = open_clip.ClipLoss()(u, v, torch.exp(given["t"])) if both else F.cross_entropy(torch.exp(given["t"]) * u @ v.T, own)
    return {**result, **gradients(loss, {"u": u, "v": v, "x": given["x"], "y": given["y"], "t": given["t"]})}


def sigmoid(given):
    u, v = pairs(given)
    z = torch.exp(given["t"]) * u @ v.T
    logits = z + given["b"]
    label = 2 * torch.eye(len(z), dtype=z.dtype) - 1
    pair_losses = -F.logsigmoid(label * logits)
    result = {"u": u, "v": v, "z": z, "logits": logits, "pair_losses": pair_losses,
              **gradients(pair_losses.sum() / len(z), {"z": z})}
    u, v = pairs(given)
    loss = open_clip.SigLipLoss()(u, v, torch.exp(given["t"]), given["b"])
    return {**result, "loss": loss,
            **gradients(loss, {"u": u, "v": v, "x": given["x"], "y": given["y"], "t": given["t"], "b": given["b"]})}


def clamp(given):
    t, result = given["t_0"].detach(), {n: [] for n in ("before", "loss", "dt", "stepped", "t")}
    for u, v in zip(given["u"], given["v"]):
        now = torch.nn.Parameter(t.clone())
        descent = torch.optim.SGD([now], lr=given["rate"].item())
        loss = open_clip.ClipLoss()(u.detach(), v.detach(), torch.exp(now))
        loss.backward()
        result["before"].append(t)
        result["loss"].append(loss.detach())
        result["dt"].append(now.grad.clone())
        descent.step()
        result["stepped"].append(now.detach().clone())
        with torch.no_grad():
            now.clamp_(max=given["most"].detach())
        t = now.detach().clone()
        result["t"].append(t)
    return {n: torch.stack(x) for n, x in result.items()}


# ---- Blocks ----

def chunked(given):
    D, u, v, t, b = given["D"].item(), given["u"], given["v"], given["t"], given["b"]
    N, n = len(u), len(u) // D
    result = {name: [] for name in ("z", "block_loss", "block_dt", "block_db", "block_du", "block_dv")}
    for p, q in itertools.product(range(D), range(D)):
        mine, theirs = u[p * n:(p + 1) * n].detach().requires_grad_(), v[q * n:(q + 1) * n].detach().requires_grad_()
        # open_clip divides by a device's own number of pairs, and the mean over devices by their number
        part = open_clip.SigLipLoss()._loss(mine, theirs, torch.exp(t), b, negative_only=p != q) * n / N
        grads = gradients(part, {"u": mine, "v": theirs, "t": t, "b": b})
        result["z"].append(torch.exp(t) * mine @ theirs.T)
        result["block_loss"].append(part)
        for name in ("dt", "db", "du", "dv"):
            result["block_" + name].append(grads[name])
    result = {name: torch.stack([x.detach() for x in a]).unflatten(0, (D, D)) for name, a in result.items()}
    loss = open_clip.SigLipLoss()(u, v, torch.exp(t), b)
    return {**result, "loss": loss, **gradients(loss, {"u": u, "v": v, "t": t, "b": b})}


def online_softmax(given):
    u, v, t, block = given["u"], given["v"], given["t"], given["block"].item()
    z = torch.exp(t) * u @ v.T
    result = {name: [] for name in ("row_most", "row_sum", "column_most", "column_sum")}
    for seen in range(block, len(z) + block, block):
        for name, part in (("row", z[:, :seen]), ("column", z.T[:, :seen])):
            most = part.max(1).values
            result[name + "_most"].append(most)
            result[name + "_sum"].append(torch.exp(torch.logsumexp(part, 1) - most))
    loss = open_clip.ClipLoss()(u, v, torch.exp(t))
    return {**{n: torch.stack(a) for n, a in result.items()}, "log_rows": torch.logsumexp(z, 1),
            "log_columns": torch.logsumexp(z, 0), "loss": loss, **gradients(loss, {"u": u, "v": v, "t": t})}


# ---- Towers ----

def towers(given):
    x, h = given["pictures"], given["h"].item()
    N, C, H, W = x.shape
    D, P = given["w_patch"].shape[0], given["w_patch"].shape[-1]
    vit = VisionTransformer(img_size=(H, W), patch_size=P, in_chans=C, num_classes=0, global_pool="avg", class_token=False,
                            embed_dim=D, depth=1, num_heads=h, mlp_ratio=given["w_1"].shape[0] / D, fc_norm=False).to(x.dtype)
    qkv = torch.cat([given["w_q"], given["w_k"], given["w_v"]])
    biases = torch.cat([given["b_q"], torch.zeros(D, dtype=x.dtype), given["b_v"]])
    weights = {"pos_embed": given["positions"][None], "patch_embed.proj.weight": given["w_patch"],
               "patch_embed.proj.bias": given["b_patch"], "blocks.0.norm1.weight": given["norm_1_gain"],
               "blocks.0.norm1.bias": given["norm_1_bias"], "blocks.0.attn.qkv.weight": qkv, "blocks.0.attn.qkv.bias": biases,
               "blocks.0.attn.proj.weight": given["w_o"], "blocks.0.attn.proj.bias": given["b_o"],
               "blocks.0.norm2.weight": given["norm_2_gain"], "blocks.0.norm2.bias": given["norm_2_bias"],
               "blocks.0.mlp.fc1.weight": given["w_1"], "blocks.0.mlp.fc1.bias": given["b_1"],
               "blocks.0.mlp.fc2.weight": given["w_2"], "blocks.0.mlp.fc2.bias": given["b_2"],
               "norm.weight": given["end_gain"], "norm.bias": given["end_bias"]}
    missing = set(dict(vit.named_parameters())) ^ set(weights)
    assert not missing, missing
    steps = {}

    def keep(name):
        return lambda module, inputs, out: steps.__setitem__(name, out)

    b = vit.blocks[0]
    vit.patch_embed.register_forward_hook(keep("embedded"))
    b.attn.register_forward_hook(keep("attention"))
    b.norm2.register_forward_pre_hook(lambda module, inputs: steps.__setitem__("after_attention", inputs[0]))
    b.mlp.fc1.register_forward_hook(keep("hidden_sums"))
    b.mlp.act.register_forward_hook(keep("hidden"))
    b.register_forward_hook(keep("after_mlp"))
    try:
        from torch.func import functional_call
    except ImportError: # before PyTorch 2
        from torch.nn.utils.stateless import functional_call
    steps["features"] = functional_call(vit, weights, (x,))
    steps["picture_vectors"] = F.linear(steps["features"], given["w_picture"])
    steps["words_in_a_row"] = F.embedding(given["words"], given["embedding"]).flatten(1)
    steps["caption_sums"] = F.linear(steps["words_in_a_row"], given["caption_w_1"], given["caption_b_1"])
    steps["caption_hidden"] = F.gelu(steps["caption_sums"])
    steps["caption_vectors"] = F.linear(steps["caption_hidden"], given["caption_w_2"], given["caption_b_2"])
    steps["u"], steps["v"] = F.normalize(steps["picture_vectors"], dim=1), F.normalize(steps["caption_vectors"], dim=1)
    steps["z"] = torch.exp(given["t"]) * steps["u"] @ steps["v"].T
    loss = open_clip.ClipLoss()(steps["u"], steps["v"], torch.exp(given["t"]))
    wanted = {n: a for n, a in given.items() if a.requires_grad}
    for name in ("u", "v", "picture_vectors", "caption_vectors", "features"):
        wanted[name] = steps[name]
    return {**steps, "loss": loss, **gradients(loss, wanted)}


# ---- Matching ----

def zero_shot(given):
    mean = given["prompts"].mean(1)
    w = F.normalize(mean, dim=1)
    scores = given["u"] @ w.T
    return {"mean": mean, "w": w, "scores": scores, "classes": scores.argmax(1)}


def retrieval(given):
    """The mean over all orders of equal scores, by sorting: an own answer stands at each of its tie's places as often."""
    greater, equal, recall = [], [], []
    for z in (given["scores"].detach(), given["scores"].detach().T):
        ranked = [np.sort(-row.numpy()) for row in z]
        first = np.array([np.searchsorted(r, -row[i].item(), "left") for i, (r, row) in enumerate(zip(ranked, z))])
        last = np.array([np.searchsorted(r, -row[i].item(), "right") for i, (r, row) in enumerate(zip(ranked, z))])
        greater.append(first)
        equal.append(last - first)
        recall.append([np.mean([np.mean(np.arange(a, b) < k) for a, b in zip(first, last)]) for k in (1, 3, 5)])
    return {"greater": np.array(greater), "equal": np.array(equal), "recall": np.array(recall)}


def gap(given):
    return {"gap": torch.linalg.vector_norm(given["u"].mean(0) - given["v"].mean(0))}


# ---- The exact optimum ----

def pmi_oracle(given):
    """Expected losses by every sequence of the others, for N up to 4; by every multiset beyond."""
    p = given["p"].detach().numpy()
    of_x, of_y = p.sum(1), p.sum(0)
    pmi = np.log(p / np.outer(of_x, of_y))

    def choice(p, others, counted):
        """x chooses among y's: its own, and the others, drawn from y's own distribution."""
        q, loss, ratio = p.sum(0), 0, np.exp(np.log(p / np.outer(p.sum(1), p.sum(0))))
        drawn = itertools.combinations_with_replacement if counted else lambda a, n: itertools.product(a, repeat=n)
        for y in drawn(range(len(q)), others):
            weight = np.prod(q[list(y)])
            if counted:
                of = np.bincount(y, minlength=len(q))
                weight *= np.prod(np.arange(1, others + 1)) / np.prod([np.prod(np.arange(1, n + 1)) for n in of])
            total = ratio[:, list(y)].sum(1)
            loss += weight * (p * np.log((ratio + total[:, None]) / ratio)).sum()
        return loss

    least = []
    for N in given["N"].tolist():
        rows, columns = choice(p, N - 1, N > 4), choice(p.T, N - 1, N > 4)
        z = torch.from_numpy(pmi - np.log(N - 1))
        sigmoid = (p * F.softplus(-z).numpy()).sum() + (N - 1) * (np.outer(of_x, of_y) * F.softplus(z).numpy()).sum()
        least.append([rows, columns, (rows + columns) / 2, sigmoid])
    return {"of_x": of_x, "of_y": of_y, "pmi": pmi, "information": (p * pmi).sum(), "least": np.array(least)}


run("clip", "open_clip's losses, timm, PyTorch, autograd; counting",
    {"infonce": infonce, "infonce_one_way": lambda given: infonce(given, False), "sigmoid": sigmoid, "clamp": clamp,
     "chunked": chunked, "online_softmax": online_softmax, "towers": towers, "zero_shot": zero_shot,
     "retrieval": retrieval, "gap": gap, "pmi_oracle": pmi_oracle})
