"""Chapter vit against timm's and torchvision's Vision Transformer, torch.nn.functional, torch.linalg and autograd. It needs

    sudo apt-get install python3-torchvision, or python -m pip install torchvision
    python -m pip install timm
"""
import sys
import warnings

import torch
import torch.nn.functional as F
try:
    from torch.func import functional_call
except ImportError: # before PyTorch 2
    from torch.nn.utils.stateless import functional_call

from check import run

warnings.filterwarnings("ignore")
try:
    from timm.models.vision_transformer import VisionTransformer
    from torchvision.models.vision_transformer import Encoder
except ImportError as missing:
    sys.exit(f"crosscheck of vit: {missing}; it needs python3-torchvision (or pip install torchvision), and pip install timm")


def gradients(given, loss, steps=()):
    """The gradient of every float input with an axis, and of those steps that are asked for, by name."""
    wanted = {n: x for n, x in given.items() if x.requires_grad and x.dim() and n != "loss_weight"}
    wanted.update(steps)
    found = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True)
    return {"d" + n: torch.zeros_like(wanted[n]) if g is None else g for n, g in zip(wanted, found)}


def finish(given, name, out, steps=(), differentiated=()):
    steps = dict(steps)
    loss = (out * given["loss_weight"]).sum()
    return {**steps, name: out, "loss": loss, **gradients(given, loss, {n: steps[n] for n in differentiated})}


# ---- Patches ----

def cut(x, P):
    """(B, C, H, W) -> (B, N, C P P): torch's unfold has the channel first, too."""
    return F.unfold(x, P, stride=P).transpose(1, 2)


def patch_embed(given):
    x, P = given["x"], given["P"].item()
    patches = cut(x, P)
    tokens = F.linear(patches, given["w_patch"].flatten(1), given["b_patch"])
    result = finish(given, "tokens", tokens, {"patches": patches}, ["patches"])
    theirs = F.conv2d(x, given["w_patch"], given["b_patch"], stride=P).flatten(2).transpose(1, 2)
    return {**result, **finish(given, "tokens", theirs)}


def convolution(given):
    y = F.conv2d(given["x"], given["w"], given["bias"], given["stride"].item(), given["padding"].item())
    return finish(given, "y", y)


# ---- The model ----

def norm(given, name, x):
    return F.layer_norm(x, x.shape[-1:], given[name + "_gain"], given[name + "_bias"], given["eps"].item())


def block(given, x, i, mask=None):
    """Block i of x, every step by name."""
    end = f"_{i + 1}" if i else ""
    h, s = given["h"].item(), {}
    p = lambda name: given[name + end]
    layer_norm = lambda name, x: F.layer_norm(x, x.shape[-1:], p(name + "_gain"), p(name + "_bias"), given["eps"].item())
    split = lambda x: x.reshape(*x.shape[:2], h, -1).transpose(1, 2)
    s["norm_1"] = y = layer_norm("norm_1", x)
    s["q"], s["k"] = split(F.linear(y, p("w_q"), p("b_q"))), split(F.linear(y, p("w_k")))
    s["v"] = split(F.linear(y, p("w_v"), p("b_v")))
    s["scores"] = s["q"] @ s["k"].transpose(-1, -2) / s["q"].shape[-1] ** 0.5
    scores = s["scores"] if mask is None else s["scores"].masked_fill(~mask, float("-inf"))
    s["weights"] = scores.softmax(-1)
    s["heads"] = (s["weights"] @ s["v"]).transpose(1, 2).flatten(2)
    s["attention"] = F.linear(s["heads"], p("w_o"), p("b_o"))
    s["after_attention"] = x + s["attention"]
    s["norm_2"] = layer_norm("norm_2", s["after_attention"])
    s["hidden_sums"] = F.linear(s["norm_2"], p("w_1"), p("b_1"))
    s["hidden"] = F.gelu(s["hidden_sums"])
    s["mlp"] = F.linear(s["hidden"], p("w_2"), p("b_2"))
    s["after_mlp"] = s["after_attention"] + s["mlp"]
    return {n + end: a for n, a in s.items()}


def qkv(given, end):
    """One matrix and one bias for the three; that of the keys is zero."""
    q, k, v, b, c = (given[n + end] for n in ("w_q", "w_k", "w_v", "b_q", "b_v"))
    return torch.cat([q, k, v]), torch.cat([b, torch.zeros_like(b), c])


NAMES = {"norm1.weight": "norm_1_gain", "norm1.bias": "norm_1_bias", "norm2.weight": "norm_2_gain",
         "norm2.bias": "norm_2_bias", "attn.proj.weight": "w_o", "attn.proj.bias": "b_o", "mlp.fc1.weight": "w_1",
         "mlp.fc1.bias": "b_1", "mlp.fc2.weight": "w_2", "mlp.fc2.bias": "b_2"}


def timm_logits(given):
    """timm's model with the case's parameters."""
    x, w = given["x"], given["w_patch"]
    token = "class_token" in given
    D, hidden, classes = w.shape[0], given["w_1"].shape[0], given["w_head"].shape[0]
    m = VisionTransformer(img_size=tuple(x.shape[2:]), patch_size=w.shape[-1], in_chans=x.shape[1], num_classes=classes,
                          embed_dim=D, depth=2, num_heads=given["h"].item(), mlp_ratio=hidden / D, fc_norm=False,
                          class_token=token, global_pool="token" if token else "avg").to(x.dtype).eval()
    assert m.norm.eps == given["eps"].item() or abs(m.norm.eps - given["eps"].item()) < 1e-12
    weights = {"patch_embed.proj.weight": w, "patch_embed.proj.bias": given["b_patch"],
               "pos_embed": given["positions"][None], "norm.weight": given["end_gain"], "norm.bias": given["end_bias"],
               "head.weight": given["w_head"], "head.bias": given["b_head"]}
    if token:
        weights["cls_token"] = given["class_token"][None, None]
    for i, end in enumerate(["", "_2"]):
        weights.update({f"blocks.{i}.{theirs}": given[ours + end] for theirs, ours in NAMES.items()})
        weights[f"blocks.{i}.attn.qkv.weight"], weights[f"blocks.{i}.attn.qkv.bias"] = qkv(given, end)
    assert set(weights) == set(dict(m.named_parameters())), set(weights) ^ set(dict(m.named_parameters()))
    return functional_call(m, weights, (x,))


def torchvision_end(given, tokens):
    """torchvision's encoder from the tokens with their positions: what comes out of its last norm."""
    D = tokens.shape[-1]
    m = Encoder(tokens.shape[1], 2, given["h"].item(), D, given["w_1"].shape[0], 0.0, 0.0).to(tokens.dtype).eval()
    weights = {"pos_embedding": torch.zeros_like(tokens[:1]), "ln.weight": given["end_gain"], "ln.bias": given["end_bias"]}
    for i, end in enumerate(["", "_2"]):
        at = f"layers.encoder_layer_{i}."
        weights[at + "self_attention.in_proj_weight"], weights[at + "self_attention.in_proj_bias"] = qkv(given, end)
        for theirs, ours in {"ln_1.weight": "norm_1_gain", "ln_1.bias": "norm_1_bias", "ln_2.weight": "norm_2_gain",
                             "ln_2.bias": "norm_2_bias", "self_attention.out_proj.weight": "w_o",
                             "self_attention.out_proj.bias": "b_o", "mlp.0.weight": "w_1", "mlp.0.bias": "b_1",
                             "mlp.3.weight": "w_2", "mlp.3.bias": "b_2"}.items():
            weights[at + theirs] = given[ours + end]
    return functional_call(m, weights, (tokens,))


DIFFERENTIATED = ["after_mlp", "hidden_sums", "after_attention", "heads", "q", "k", "v"]


def model(given):
    x, P = given["x"], given["P"].item()
    s = {"patches": cut(x, P)}
    s["embedded"] = F.linear(s["patches"], given["w_patch"].flatten(1), given["b_patch"])
    z = s["embedded"]
    if "class_token" in given:
        z = torch.cat([given["class_token"].expand(len(x), 1, -1), z], 1)
    s["tokens"] = z + given["positions"]
    s.update(block(given, s["tokens"], 0))
    s.update(block(given, s["after_mlp"], 1))
    s["end"] = norm(given, "end", s["after_mlp_2"])
    s["features"] = s["end"][:, 0] if "class_token" in given else s["end"].mean(1)
    logits = F.linear(s["features"], given["w_head"], given["b_head"])
    result = finish(given, "logits", logits, s, ["features", "end", "tokens", "patches",
                                                 *DIFFERENTIATED, *(n + "_2" for n in DIFFERENTIATED)])
    end = torchvision_end(given, s["tokens"])
    assert (end - s["end"]).abs().max() < (1e-12 if x.dtype == torch.float64 else 1e-4)
    return {**result, **finish(given, "logits", timm_logits(given))}


def permuted(given):
    x, order = given["x"], given["order"]

    def behind(patches, positions):
        tokens = F.linear(patches, given["w_patch"].flatten(1), given["b_patch"]) + positions
        after = block(given, tokens, 0)["after_mlp"]
        return tokens, after, norm(given, "end", after).mean(1)

    patches = cut(x, given["P"].item())
    s = {"patches": patches[:, order]}
    s["tokens"], s["after_mlp"], s["features"] = behind(s["patches"], given["positions"][order])
    s["features_in_order"] = behind(patches, given["positions"])[2]
    return s


# ---- Another resolution ----

def resize(x, shape, mode):
    return F.interpolate(x, shape, mode=mode, align_corners=False)


def matrix(n, m, mode, like):
    """R (m, n): what interpolation does to the unit vectors."""
    eye = torch.eye(n, dtype=like.dtype)[:, None, :, None] # (n, 1, n, 1)
    return resize(eye.expand(n, 1, n, n), (m, n), mode)[:, 0, :, 0].T


def positions_resized(given):
    h, w, new = given["h"].item(), given["w"].item(), (given["new_h"].item(), given["new_w"].item())
    x = given["positions"]
    grid = x[1:].reshape(1, h, w, -1).permute(0, 3, 1, 2)
    s = {}
    for mode in "bilinear", "bicubic":
        y = resize(grid, new, mode).permute(0, 2, 3, 1).reshape(new[0] * new[1], -1)
        s[mode] = torch.cat([x[:1], y])
        s[mode + "_rows"], s[mode + "_columns"] = matrix(h, new[0], mode, x), matrix(w, new[1], mode, x)
    return s


def patch_resize(given):
    w, P, new = given["w_patch"], given["P"].item(), given["new_P"].item()
    R = matrix(P, new, "bilinear", w)
    B = torch.kron(R, R) # of a whole patch
    picture = resize(w, (new, new), "bilinear")
    return {"resize": R, "inverse": torch.linalg.pinv(R), "as_picture": picture, "over_gain": picture * P * P / new / new,
            "pseudo_inverse": (w.flatten(2) @ torch.linalg.pinv(B)).reshape(*w.shape[:2], new, new)}


# ---- Tokens ----

def rollout(given):
    R, found = torch.eye(given["weights"].shape[-1], dtype=given["weights"].dtype), []
    for A in given["weights"].mean(1):
        R = (A + torch.eye(len(R), dtype=R.dtype)) / 2 @ R
        found.append(R)
    return {"rollout": torch.stack(found)}


def packed(given):
    """Each picture alone."""
    x, picture, h = given["x"], given["picture"], given["h"].item()
    s = {"weights": torch.zeros(1, h, len(picture), len(picture), dtype=x.dtype),
         "after_attention": torch.zeros_like(x), "out": torch.zeros_like(x)}
    for i in picture.unique():
        at = picture == i
        alone = block(given, x[:, at], 0)
        s["weights"][:, :, at[:, None] & at] = alone["weights"].flatten(2)
        s["after_attention"][:, at], s["out"][:, at] = alone["after_attention"], alone["after_mlp"]
    return s


def merge(given):
    """As ToMe's authors write it, with scatter; then in order of the tokens that are left."""
    x, size, keys, r, kept = given["x"], given["size"], given["keys"], given["r"].item(), given["kept"].item()
    unit = keys / keys.norm(dim=-1, keepdim=True)
    likeness = unit[::2] @ unit[1::2].T
    likeness[: (kept + 1) // 2] = float("-inf")
    best, match = likeness.max(-1)
    source = best.argsort(descending=True)[:r]
    into = torch.arange(len(x))
    into[2 * source] = 2 * match[source] + 1
    left = into == torch.arange(len(x))
    sums = torch.zeros_like(x).index_add(0, into, x * size[:, None])
    sizes = torch.zeros_like(size).index_add(0, into, size)
    return {"into": into, "merged": (sums / sizes[:, None])[left], "merged_size": sizes[left]}


run("vit", "timm, torchvision, PyTorch", {
    "patch_embed": patch_embed, "convolution": convolution, "vit_class": model, "vit_mean": model, "permuted": permuted,
    "positions_resized": positions_resized, "patch_resize": patch_resize, "rollout": rollout, "packed": packed,
    "merge": merge})
