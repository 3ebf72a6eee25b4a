"""Chapter rnn against torch.nn.RNN, LSTM, GRU and autograd."""
import torch

from check import run

WEIGHTS = ["w_ih", "w_hh", "b_ih", "b_hh"]


def gradients(given, loss, names, steps):
    """d(loss) by the inputs, as dNAME, and by every step of the lists in `steps`, under their names."""
    inner = [value for values in steps.values() for value in values]
    found = torch.autograd.grad(loss, [given[n] for n in names] + inner, allow_unused=True)
    result = {"d" + n: g for n, g in zip(names, found)}
    of_steps = iter(found[len(names):])
    for name, values in steps.items():
        each = [next(of_steps) for _ in values]
        result[name] = torch.stack([torch.zeros_like(v) if g is None else g for g, v in zip(each, values)])
    return result


def language_model(given):
    u, w, v, b, c = (given[n] for n in "uwvbc")
    h, states, ps, losses = given["h0"], [], [], []
    for x, y in zip(given["x"], given["y"]):
        h = torch.tanh(u[:, x] + w @ h + b)
        logits = v @ h + c
        states.append(h)
        ps.append(torch.softmax(logits, 0))
        losses.append(torch.nn.functional.cross_entropy(logits, y))
    return {"h": torch.stack(states), "p": torch.stack(ps), "losses": torch.stack(losses),
            **gradients(given, sum(losses), ["u", "w", "v", "b", "c", "h0"], {"delta": states})}


def built_in(module, given, state):
    """All steps of a torch.nn layer with the published weights."""
    layer = module(given["x"].shape[-1], given["h0"].shape[-1]).to(given["x"].dtype)
    for name, own in zip(WEIGHTS, layer.parameters()):
        own.data.copy_(given[name])
    return layer(given["x"], state)[0]


def result(given, kept, theirs, names, steps):
    """What a layer's case publishes: the lists of `kept` stacked, the loss, all gradients; `theirs` is PyTorch's h."""
    stacked = {name: torch.stack(values) for name, values in kept.items()}
    loss = (stacked["h"] * given["loss_weight"]).sum()
    if theirs is not None:
        assert (stacked["h"] - theirs).abs().max() < (1e-12 if theirs.dtype == torch.float64 else 1e-5)
    return {**stacked, "loss": loss, **gradients(given, loss, names, steps)}


def tanh_layer(given):
    theirs = built_in(torch.nn.RNN, given, given["h0"][None])
    h, kept = given["h0"], {"a": [], "h": []}
    for x in given["x"]:
        a = x @ given["w_ih"].T + given["b_ih"] + h @ given["w_hh"].T + given["b_hh"]
        h = torch.tanh(a)
        kept["a"].append(a)
        kept["h"].append(h)
    return result(given, kept, theirs, WEIGHTS + ["x", "h0"], {"dh": kept["h"], "da": kept["a"]})


def lstm(given):
    theirs = built_in(torch.nn.LSTM, given, (given["h0"][None], given["c0"][None]))
    h, c, kept = given["h0"], given["c0"], {n: [] for n in "aifgoch"}
    for x in given["x"]:
        a = x @ given["w_ih"].T + given["b_ih"] + h @ given["w_hh"].T + given["b_hh"]
        i, f, g, o = a.chunk(4, -1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        h = o * torch.tanh(c)
        for name, value in zip("aifgoch", (a, i, f, g, o, c, h)):
            kept[name].append(value)
    return result(given, kept, theirs, WEIGHTS + ["x", "h0", "c0"], {"dh": kept["h"], "dc": kept["c"], "da": kept["a"]})


def gru(given):
    before, swapped = given.says("before the product"), given.says("z is the part of the new")
    theirs = None if before or swapped else built_in(torch.nn.GRU, given, given["h0"][None])
    h, H = given["h0"], given["h0"].shape[-1]
    w, b = given["w_hh"].chunk(3), given["b_hh"].chunk(3)
    kept = {n: [] for n in ("ax", "ah", "r", "z", "n", "h", *(["q"] if before else []))}
    parts = {n: [] for n in ("dh", "dax", "drh" if before else "dah")}
    for x in given["x"]:
        ax = x @ given["w_ih"].T + given["b_ih"]
        if before:
            ah = h @ given["w_hh"][:2 * H].T + given["b_hh"][:2 * H]
        else:
            ah = h @ given["w_hh"].T + given["b_hh"]
        r, z = torch.sigmoid(ax[:, :2 * H] + ah[:, :2 * H]).chunk(2, -1)
        rh = r * h
        q = rh @ w[2].T + b[2] if before else r * ah[:, 2 * H:]
        n = torch.tanh(ax[:, 2 * H:] + q)
        h = z * n + (1 - z) * h if swapped else (1 - z) * n + z * h
        values = {"ax": ax, "ah": ah, "r": r, "z": z, "n": n, "h": h, "q": q}
        for name in kept:
            kept[name].append(values[name])
        for name, value in zip(parts, (h, ax, rh if before else ah)):
            parts[name].append(value)
    return result(given, kept, theirs, WEIGHTS + ["x", "h0"], parts)


def clipping(given):
    results, names = {}, ("g1", "g2", "g3")
    for kind, clip, most in (("joint", torch.nn.utils.clip_grad_norm_, "theta"),
                             ("element", torch.nn.utils.clip_grad_value_, "theta"),
                             ("within", torch.nn.utils.clip_grad_norm_, "theta_large")):
        parameters = [torch.nn.Parameter(torch.zeros_like(given[n])) for n in names]
        for p, n in zip(parameters, names):
            p.grad = given[n].detach().clone()
        norm = clip(parameters, given[most].item())
        if kind == "joint":
            results["norm"] = norm
        results.update({f"{kind}{i + 1}": p.grad for i, p in enumerate(parameters)})
    return results


def truncated(given):
    window, all_h, loss = given["window"].item(), [], 0
    for x, weight in zip(given["x"], given["loss_weight"]):
        h = torch.zeros_like(weight[0])
        for t in range(len(x)):
            if t % window == 0:
                h = h.detach()
            h = torch.tanh(x[t] @ given["w_ih"].T + given["b_ih"] + h @ given["w_hh"].T + given["b_hh"])
            all_h.append(h)
            loss = loss + (h * weight[t]).sum()
    h = torch.stack(all_h).reshape(given["loss_weight"].shape)
    return {"h": h, **gradients(given, loss, WEIGHTS, {})}


run("rnn", "torch.nn's RNN, LSTM and GRU; autograd", {
    "rnn_language_model": language_model,
    "rnn_tanh": tanh_layer,
    "lstm": lstm,
    "gru_reset_after": gru,
    "gru_reset_before": gru,
    "gru_swapped": gru,
    "clip_global_norm": clipping,
    "bptt_truncated": truncated,
})
