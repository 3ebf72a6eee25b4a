"""Chapter rnn against torch.nn.RNN, LSTM, GRU and autograd."""
import torch

from check import run


def with_gradients(given, loss, names, results):
    gradients = torch.autograd.grad(loss, [given[n] for n in names])
    return {**results, **{"d" + n: g for n, g in zip(names, gradients)}}


def language_model(given):
    u, w, v, b, c = (given[n] for n in "uwvbc")
    h, states, ps, losses = given["h0"], [], [], []
    for x, y in zip(given["x"], given["y"]):
        h = torch.tanh(u[:, x] + w @ h + b)
        logits = v @ h + c
        states.append(h)
        ps.append(torch.softmax(logits, 0))
        losses.append(torch.nn.functional.cross_entropy(logits, y))
    deltas = torch.autograd.grad(sum(losses), states, retain_graph=True)
    return with_gradients(given, sum(losses), ["u", "w", "v", "b", "c", "h0"],
                          {"h": torch.stack(states), "p": torch.stack(ps), "losses": torch.stack(losses),
                           "delta": torch.stack(deltas)})


WEIGHTS = ["w_ih", "w_hh", "b_ih", "b_hh"]


def built_in(module, given, state):
    """All steps of a torch.nn layer with the published weights, whose gradients are then the layer's."""
    layer = module(given["x"].shape[-1], given["h0"].shape[-1]).to(given["x"].dtype)
    for name, own in zip(WEIGHTS, layer.parameters()):
        own.data.copy_(given[name])
        given[name] = own
    return layer(given["x"], state)[0]


def finish(given, h, names, steps):
    loss = (h * given["loss_weight"]).sum()
    return with_gradients(given, loss, names, {"h": h, "loss": loss, **steps})


def tanh_layer(given):
    h = built_in(torch.nn.RNN, given, given["h0"][None])
    return finish(given, h, WEIGHTS + ["x", "h0"], {})


def gates(given, blocks):
    """The pre-activations from the input, (T, B, blocks, H)."""
    a = given["x"] @ given["w_ih"].T + given["b_ih"]
    return a.reshape(*a.shape[:2], blocks, -1)


def lstm(given):
    h = built_in(torch.nn.LSTM, given, (given["h0"][None], given["c0"][None]))
    before = torch.cat([given["h0"][None], h[:-1]])
    a = gates(given, 4) + (before @ given["w_hh"].T + given["b_hh"]).reshape(*h.shape[:2], 4, -1)
    i, f, o = (torch.sigmoid(a[:, :, k]) for k in (0, 1, 3))
    g, c, cells = torch.tanh(a[:, :, 2]), given["c0"], []
    for t in range(len(h)):
        c = f[t] * c + i[t] * g[t]
        cells.append(c)
    return finish(given, h, WEIGHTS + ["x", "h0", "c0"], {"i": i, "f": f, "g": g, "o": o, "c": torch.stack(cells)})


def gru(given, convention):
    layer = built_in(torch.nn.GRU, given, given["h0"][None]) if convention == "after" else None
    a, h = gates(given, 3), given["h0"]
    w, b = given["w_hh"].reshape(3, -1, h.shape[-1]), given["b_hh"].reshape(3, -1)
    all_h, all_gates = [], {"r": [], "z": [], "n": []}
    for t in range(len(a)):
        r = torch.sigmoid(a[t, :, 0] + h @ w[0].T + b[0])
        z = torch.sigmoid(a[t, :, 1] + h @ w[1].T + b[1])
        if convention == "before":
            n = torch.tanh(a[t, :, 2] + (r * h) @ w[2].T + b[2])
        else:
            n = torch.tanh(a[t, :, 2] + r * (h @ w[2].T + b[2]))
        h = z * n + (1 - z) * h if convention == "swapped" else (1 - z) * n + z * h
        all_h.append(h)
        for name, value in zip("rzn", (r, z, n)):
            all_gates[name].append(value)
    all_h = torch.stack(all_h)
    return finish(given, all_h if layer is None else layer, WEIGHTS + ["x", "h0"], {k: torch.stack(v) for k, v in all_gates.items()})


def clipping(given):
    theta = given["theta"].item()
    results = {}
    for kind, clip in (("joint", torch.nn.utils.clip_grad_norm_), ("element", torch.nn.utils.clip_grad_value_)):
        parameters = [torch.nn.Parameter(torch.zeros_like(given[n])) for n in ("g1", "g2", "g3")]
        for p, n in zip(parameters, ("g1", "g2", "g3")):
            p.grad = given[n].detach().clone()
        norm = clip(parameters, theta)
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
    return with_gradients(given, loss, WEIGHTS, {"h": h})


run("rnn", "torch.nn's RNN, LSTM and GRU; autograd", {
    "rnn_language_model": language_model,
    "rnn_tanh": tanh_layer,
    "lstm": lstm,
    "gru_reset_after": lambda given: gru(given, "after"),
    "gru_reset_before": lambda given: gru(given, "before"),
    "gru_swapped": lambda given: gru(given, "swapped"),
    "clip_global_norm": clipping,
    "bptt_truncated": truncated,
})
