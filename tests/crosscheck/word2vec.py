"""Chapter word2vec against PyTorch's autograd, SciPy's SVD and expit, a Huffman code by exhaustive merging, and gensim's
compiled trainer for the steps that it takes itself."""
import math
import os
import pathlib
import sys

import numpy as np
import scipy.linalg
import scipy.special
import torch

from check import run

HERE = pathlib.Path(__file__).resolve().parent


def rows(given):
    """The rows that are asked and their labels, positive first."""
    return [given["positive"].item(), *given["negatives"].tolist()], [1] + [0] * len(given["negatives"])


def loss_of(h, output, asked, labels):
    x = output[asked] @ h
    sign = torch.tensor([2 * label - 1 for label in labels])
    return x, -torch.nn.functional.logsigmoid(sign * x).sum()


def sgns_gradient(given):
    word, (asked, labels) = given["word"].item(), rows(given)
    x, loss = loss_of(given["input"][word], given["output"], asked, labels)
    d_input, d_output = torch.autograd.grad(loss, [given["input"], given["output"]])
    return {"x": x, "sigma": torch.sigmoid(x), "loss": loss, "dh": d_input[word], "d_output": d_output}


def one_by_one(h, output, asked, labels, rate, sigma):
    """Each output takes a step by autograd on its own loss; h's gradients are added up. x, sigma(x), minus the sum."""
    output, step, xs = output.detach().clone(), torch.zeros_like(h), []
    for row, label in zip(asked, labels):
        x = output[row] @ h
        g = rate * (label - sigma(x))
        step += g * output[row]
        output[row] += g * h
        xs.append(x)
    return torch.stack(xs), output, step


def by_autograd(h, output, asked, labels, rate):
    """The same with the gradients of PyTorch."""
    output, step, xs = output.detach().clone(), torch.zeros_like(h), []
    for row, label in zip(asked, labels):
        a, c = h.detach().clone().requires_grad_(), output[row].clone().requires_grad_()
        x = a @ c
        loss = torch.nn.functional.binary_cross_entropy_with_logits(x, torch.tensor(float(label), dtype=x.dtype))
        da, dc = torch.autograd.grad(loss, [a, c])
        step -= rate * da
        output[row] -= rate * dc
        xs.append(x.detach())
    return torch.stack(xs), output, step


def sgns_step(given):
    word, (asked, labels) = given["word"].item(), rows(given)
    h, after = given["input"][word].detach(), given["input"].detach().clone()
    x, output, step = by_autograd(h, given["output"], asked, labels, given["rate"].item())
    after[word] += step
    return {"x": x, "sigma": torch.sigmoid(x), "step": step, "input_after": after, "output_after": output}


def table_sigma(x):
    i = int((x.item() + 6) * 83)
    place = (i / 1000 * 2 - 1) * 6
    return torch.tensor(1.0 if x > 6 else 0.0 if x < -6 else scipy.special.expit(place), dtype=x.dtype)


def sgns_step_word2vec(given):
    word, (asked, labels) = given["word"].item(), rows(given)
    kept = [i for i, row in enumerate(asked) if i == 0 or row != asked[0]]
    h, after = given["input"][word].detach(), given["input"].detach().clone()
    x, output, step = one_by_one(h, given["output"], [asked[i] for i in kept], [labels[i] for i in kept],
                                 given["rate"].item(), table_sigma)
    after[word] += step
    xs, sigma = np.zeros(len(asked)), np.zeros(len(asked))
    xs[kept], sigma[kept] = x, [table_sigma(v) for v in x]
    return {"x": xs, "sigma": sigma, "step": step, "input_after": after, "output_after": output}


def noise(given):
    q = given["count"].detach().numpy() ** given["power"].item()
    return {"noise": q / math.fsum(q)}


def cbow(combine):
    def case(given):
        contexts, (asked, labels) = given["contexts"], rows(given)
        inputs = given["input"].detach().clone().requires_grad_()
        h = combine(inputs[contexts])
        x, output, step = by_autograd(h, given["output"], asked, labels, given["rate"].item())
        moved, = torch.autograd.grad(h, inputs, step)  # the gradient of the mean or sum, by PyTorch
        return {"h": h, "x": x, "sigma": torch.sigmoid(x), "input_after": inputs + moved, "output_after": output}
    return case


def huffman(given):
    """Every merge by a search through all nodes that are left."""
    count = given["count"].tolist()
    V, merges, parent = len(count), [], {}
    left = set(range(V))
    for made in range(V, 2 * V - 1):
        pair = sorted(left, key=lambda n: (count[n], n < V, n if n >= V else -n))[:2]
        for bit, n in enumerate(pair):
            parent[n] = made, bit
        count.append(count[pair[0]] + count[pair[1]])
        merges.append(pair)
        left = left - set(pair) | {made}
    codes, points = [], []
    for word in range(V):
        way = []
        while word in parent:
            word, bit = parent[word]
            way.insert(0, (bit, word - V))
        codes.append([b for b, _ in way])
        points.append([p for _, p in way])
    longest = 6

    def padded(rows):
        return np.array([r + [-1] * (longest - len(r)) for r in rows])
    return {"merges": np.array(merges), "length": np.array([len(c) for c in codes]), "code": padded(codes), "point": padded(points)}


def hierarchical_step(given):
    word, target = given["word"].item(), given["target"].item()
    h, after = given["input"][word].detach(), given["input"].detach().clone()

    def way(c):
        n = int((given["code"][c] >= 0).sum())
        return given["point"][c, :n].tolist(), [1 - b for b in given["code"][c, :n].tolist()]
    p = [torch.exp(-loss_of(h, given["output"], *way(c))[1]) for c in range(len(given["code"]))]
    x, output, step = by_autograd(h, given["output"], *way(target), given["rate"].item())
    after[word] += step
    return {"p": torch.stack(p), "x": x, "sigma": torch.sigmoid(x), "input_after": after, "output_after": output}


def marginals(given):
    joint = given["joint"].detach().numpy()
    return joint, joint.sum(1), joint.sum(0)


def optimum(given):
    joint, word, context = marginals(given)
    q = context ** given["power"].item()
    q /= q.sum()
    x = np.log(joint) - np.log(given["k"].item() * np.outer(word, q))
    return {"pmi": np.log(joint / np.outer(word, context)), "noise": q, "x": x,
            "x_dropped": x - np.log1p(-joint / word[:, None])}


def expected_gradient(given):
    joint = given["joint"].detach()
    word, context, k = joint.sum(1), joint.sum(0), given["k"].item()
    x = given["w"] @ given["c"].T
    no = k * word[:, None] * context[None, :]
    loss = -(joint * torch.nn.functional.logsigmoid(x) + no * torch.nn.functional.logsigmoid(-x)).sum()
    dw, dc = torch.autograd.grad(loss, [given["w"], given["c"]])
    return {"yes": joint, "no": no, "x": x, "loss": loss, "dw": dw, "dc": dc}


def svd(given):
    joint, word, context = marginals(given)
    pmi, d = np.log(joint / np.outer(word, context)), given["d"].item()
    u, s, vt = scipy.linalg.svd(pmi)
    return {"pmi": pmi, "s": s, "product": u[:, :d] * s[:d] @ vt[:d], "gram": u[:, :d] * s[:d] @ u[:, :d].T}


def subsample(given):
    f, t = given["count"].detach().numpy(), given["t"].item()
    f = f / f.sum()
    return {"f": f, "keep_paper": np.minimum(1, (t / f) ** 0.5), "keep_program": np.minimum(1, (np.sqrt(f / t) + 1) * t / f)}


def window_pairs(given):
    text, reach, L = given["text"].tolist(), given["reach"].tolist(), given["L"].item()
    pairs = [[(w, text[j]) for j in range(len(text)) if 0 < abs(i - j) <= reach[i]] for i, w in enumerate(text)]
    weight = [np.mean([d <= b for b in range(1, L + 1)]) for d in range(1, L + 2)]
    return {"number": [len(p) for p in pairs], "pairs": sum(pairs, []), "weight": weight}


def analogy(given):
    x = given["vectors"].detach().numpy()
    y = x / np.linalg.norm(x, axis=1, keepdims=True)
    a, s, b = given["a"].item(), given["a_star"].item(), given["b"].item()
    targets = [y[s] - y[a] + y[b]] * 2 + [y[b], y[s] + y[b], y[a] - y[s] + y[b]]

    def best(target, excluded):
        scores = y @ target
        scores[excluded] = -np.inf
        return int(scores.argmax())
    answers = [best(t, [] if rule == 1 else [a, s, b]) for rule, t in enumerate(targets)]
    return {"unit": y, "target": targets[0], "scores": y @ targets[0], "answers": answers,
            "nearest": [best(y[w], [w]) for w in range(len(y))]}


# ---- gensim: one sentence, trained by its compiled code and by ours in NumPy ----

def table_83(x):
    return scipy.special.expit((int((x + 6) * 83) / 1000 * 2 - 1) * 6)


def table_83_33(x):
    return scipy.special.expit((int((x + 6) * 1000 / 12) / 1000 * 2 - 1) * 6)


SIGMAS = {"table_83": table_83, "table_83.33": table_83_33, "exact": scipy.special.expit}
SENTENCE = "a b c a d e b f a g c b".split()
WINDOW, RATE = 3, 0.1


def gensim_model(**how):
    import gensim
    m = gensim.models.Word2Vec(vector_size=5, min_count=1, window=WINDOW, sample=0, workers=1, seed=1, alpha=RATE, min_alpha=RATE,
                               epochs=1, negative=0 if how.get("hs") else 3, **how)
    m.build_vocab([SENTENCE])
    random = np.random.default_rng(3)
    for table in (m.wv.vectors, m.syn1 if how.get("hs") else m.syn1neg):
        table[:] = random.normal(0, 0.7, table.shape)
    return m


def by_ours(m, sigma, hs=0, sg=1, cbow_mean=1, divide=False):
    """What one pass over the sentence makes of both tables, with gensim's random numbers."""
    random = np.random.RandomState()
    random.set_state(m.random.get_state())
    inputs = m.wv.vectors.astype(float)
    output = (m.syn1 if hs else m.syn1neg).astype(float)
    text = [m.wv.key_to_index[w] for w in SENTENCE]
    state = 0 if hs else 2 ** 24 * random.randint(0, 2 ** 24) + random.randint(0, 2 ** 24)
    reach = WINDOW - random.randint(0, WINDOW, len(text))

    def questions(word):
        nonlocal state
        if hs:
            point, code = m.wv.get_vecattr(m.wv.index_to_key[word], "point"), m.wv.get_vecattr(m.wv.index_to_key[word], "code")
            return [(p, 1 - b) for p, b in zip(point, code)]
        asked = [(word, 1)]
        for _ in range(m.negative):
            drawn = int(np.searchsorted(m.cum_table, (state >> 16) % int(m.cum_table[-1])))
            state = (state * 25214903917 + 11) & 281474976710655
            if drawn != word:
                asked.append((drawn, 0))
        return asked

    def step(h, word):
        total = np.zeros(len(h))
        for row, label in questions(word):
            x = h @ output[row]
            if abs(x) < 6:
                g = RATE * (label - sigma(x))
                total += g * output[row]
                output[row] += g * h
        return total
    for t, word in enumerate(text):
        around = [text[j] for j in range(len(text)) if 0 < abs(j - t) <= reach[t]]
        if sg:
            for context in around:
                inputs[context] += step(inputs[context], word)
        elif around:
            total = step((np.mean if cbow_mean else np.sum)(inputs[around], axis=0), word)
            for context in around:
                inputs[context] += total / (len(around) if divide else 1)
    return inputs, output


def against_gensim():
    """The largest difference from gensim's tables by method, logistic function and division."""
    for method, how in {"skip-gram": {"sg": 1}, "tree": {"sg": 1, "hs": 1}, "cbow_mean": {"sg": 0, "cbow_mean": 1},
                        "cbow_sum": {"sg": 0, "cbow_mean": 0}}.items():
        for sigma in SIGMAS:
            for divide in (False, True) if "cbow" in method and sigma == "table_83" else (method == "cbow_sum",):
                m = gensim_model(**how)
                ours = by_ours(m, SIGMAS[sigma], divide=divide, **how)
                m.train([SENTENCE], total_examples=1, epochs=1)
                theirs = m.wv.vectors, m.syn1 if how.get("hs") else m.syn1neg
                yield method, sigma, divide, max(np.abs(a - b).max() for a, b in zip(ours, theirs))


def check_gensim():
    """WRITE=1 publishes the differences, which the text shows."""
    try:
        import gensim
    except ImportError:
        sys.exit("chapter word2vec is held against gensim, too: build/venv/bin/pip install gensim, and PYTHON=build/venv/bin/python")
    rows = list(against_gensim())
    for method, sigma, divide, error in rows:
        ours = sigma == "table_83" and divide == (method == "cbow_sum")
        if (error < 1e-6) != ours:
            sys.exit(f"word2vec, {method}, {sigma}, divided {divide}: {error:.2g} from gensim")
    if "WRITE" in os.environ:
        with open(HERE / "gensim.tsv", "w") as f:
            f.write("method\tlogistic\tdivided\tlargest_difference\n")
            f.writelines(f"{m}\t{s}\t{'yes' if d else 'no'}\t{e:.2g}\n" for m, s, d, e in rows)
    print(f"word2vec: {len(rows)} ways through a sentence, the right ones agree with gensim {gensim.__version__} to "
          f"{max(e for *_, e in rows if e < 1e-6):.1e}")


check_gensim()
run("word2vec", "PyTorch's autograd and SciPy", {
    "sgns_gradient": sgns_gradient, "sgns_step": sgns_step, "sgns_step_word2vec": sgns_step_word2vec, "noise": noise,
    "cbow_mean": cbow(lambda x: x.mean(0)), "cbow_sum": cbow(lambda x: x.sum(0)), "huffman": huffman,
    "hierarchical_step": hierarchical_step, "optimum": optimum, "expected_gradient": expected_gradient, "svd": svd,
    "subsample": subsample, "window_pairs": window_pairs, "analogy": analogy})
