"""Chapter td against plain NumPy: every update from the recorded streams, the exact tables by linear algebra and by
policy iteration over worlds written down once more, here."""
import itertools

import numpy as np

from check import run


def numbers(given):
    """The inputs as NumPy arrays and Python numbers."""
    arrays = {k: v.detach().numpy() for k, v in given.items()}
    return {k: v.item() if v.ndim == 0 else v for k, v in arrays.items()}


# ---- Updates along a stream ----

def along(given, *tables):
    """A function that keeps a copy of the tables, and what it has kept."""
    kept = [[] for _ in tables]

    def keep():
        for k, table in zip(kept, tables):
            k.append(table.copy())
    return keep, kept


def steps(x):
    return zip(x["s"], x["a"], x["r"], x["next"], x["end"].astype(bool))


def following(x):
    return np.append(x["a"][1:], 0)


def episodes(x):
    """The slices of the stream that are whole episodes."""
    ends = np.flatnonzero(x["end"]) + 1
    return [range(a, b) for a, b in zip(np.append(0, ends[:-1]), ends)]


def returns(x):
    g = np.zeros(len(x["r"]))
    for e in episodes(x):
        for t in e:
            g[t] = sum(x["gamma"] ** (k - t) * x["r"][k] for k in range(t, e.stop))
    return g


def mean(given):
    x = numbers(given)
    alpha, n = x["alpha"], len(x["x"])
    w = [x["x"][:k + 1].mean() for k in range(n)]
    # from 1, unrolled: (1 - alpha)^k + sum of alpha (1 - alpha)^(k - i) x_i
    forgetful = [(1 - alpha) ** k + sum(alpha * (1 - alpha) ** (k - 1 - i) * x["x"][i] for i in range(k)) for k in range(1, n + 1)]
    return {"w": w, "w_alpha": forgetful}


def robbins_monro(given):
    x = numbers(given)
    w, all_w = x["w1"], []
    for a in x["step"]:
        w -= a * np.tanh(w - 1)
        all_w.append(w)
    return {"w": all_w}


def td0(given):
    x = numbers(given)
    v = x["v0"].copy()
    keep, (kept,) = along(x, v)
    for s, _, r, n, end in steps(x):
        target = r if end else r + x["gamma"] * v[n]
        v[s] = (1 - x["alpha"]) * v[s] + x["alpha"] * target
        keep()
    return {"v": kept}


def monte_carlo(given, every):
    x = numbers(given)
    g, q = returns(x), np.zeros((5, 3))
    lists, kept = {}, []
    start = {t: e.start for e in episodes(x) for t in e}
    for t, (s, a) in enumerate(zip(x["s"], x["a"])):
        before = list(zip(x["s"], x["a"]))[start[t]:t]
        if every or (s, a) not in before:
            lists.setdefault((s, a), []).append(g[t])
            q[s, a] = np.mean(lists[s, a])
        kept.append(q.copy())
    visits = np.array([[len(lists.get((s, a), [])) for a in range(3)] for s in range(5)])
    return {"g": g, "q": kept, "visits": visits}


def action_values(given, value):
    x = numbers(given)
    q = x["q0"].copy()
    keep, (kept,) = along(x, q)
    for (s, a, r, n, end), b in zip(steps(x), following(x)):
        target = r if end else r + x["gamma"] * value(x, q, n, b)
        q[s, a] += x["alpha"] * (target - q[s, a])
        keep()
    return {"q": kept}


def soft(q, epsilon):
    """The probabilities of the epsilon-greedy policy on one row."""
    p = np.full(len(q), epsilon / len(q))
    p[np.argmax(q)] += 1 - epsilon
    return p


def n_step(given):
    x = numbers(given)
    q, gamma = x["q0"].copy(), x["gamma"]
    keep, (kept,) = along(x, q)
    for e in episodes(x):
        for t in e:
            last = min(t + x["n"], e.stop)
            g = sum(gamma ** (k - t) * x["r"][k] for k in range(t, last))
            if last < e.stop:
                g += gamma ** (last - t) * q[x["s"][last], x["a"][last]]
            q[x["s"][t], x["a"][t]] += x["alpha"] * (g - q[x["s"][t], x["a"][t]])
            keep()
    return {"q": kept}


def double_q(given):
    x = numbers(given)
    q = [x["q2_first"].copy(), x["q1_first"].copy()]
    keep, (kept2, kept1) = along(x, *q)
    for (s, a, r, n, end), coin in zip(steps(x), x["coin"]):
        own, other = q[coin], q[1 - coin]
        target = r if end else r + x["gamma"] * other[n, own[n].argmax()]
        own[s, a] += x["alpha"] * (target - own[s, a])
        keep()
    return {"q1": kept1, "q2": kept2}


def td_lambda(given):
    x = numbers(given)
    v, trace = x["v0"].copy(), np.zeros(5)
    keep, (all_v, all_traces) = along(x, v, trace)
    for s, _, r, n, end in steps(x):
        error = r + (0 if end else x["gamma"] * v[n]) - v[s]
        trace += np.eye(5)[s]
        v += x["alpha"] * error * trace
        trace *= 0 if end else x["gamma"] * x["lambda"]
        keep()
    return {"v": all_v, "trace": all_traces}


def off_policy(given):
    x = numbers(given)
    g, each = returns(x), (x["target"] / x["behaviour"])[x["s"], x["a"]]
    ratio = np.zeros(len(g))
    for e in episodes(x):
        for t in e:
            ratio[t] = np.prod(each[t + 1:e.stop])
    ordinary, weighted = [], []
    for t in range(1, len(g) + 1):
        o, w = np.zeros((5, 3)), np.zeros((5, 3))
        for s, a in itertools.product(range(5), range(3)):
            here = np.flatnonzero((x["s"][:t] == s) & (x["a"][:t] == a))
            o[s, a] = (ratio * g)[here].mean() if len(here) else 0
            w[s, a] = (ratio * g)[here].sum() / ratio[here].sum() if ratio[here].sum() > 0 else 0
        ordinary.append(o)
        weighted.append(w)
    return {"g": g, "ratio": ratio, "ordinary": ordinary, "weighted": weighted}


def batch(given):
    """TD's limit as the value of the model that fits the stream best (certainty equivalence)."""
    x = numbers(given)
    g, td = returns(x), x["v0"].copy()
    seen = np.unique(x["s"])
    p, r = np.zeros((5, 5)), np.zeros(5)
    for s in seen:
        here = x["s"] == s
        r[s] = x["r"][here].mean()
        for n in range(5):
            p[s, n] = np.mean((x["next"][here] == n) & (x["end"][here] == 0))
    td[seen] = np.linalg.solve(np.eye(len(seen)) - x["gamma"] * p[np.ix_(seen, seen)], r[seen])
    return {"td": td, "mc": [g[x["s"] == s].mean() if s in seen else 0 for s in range(5)]}


# ---- Exact tables ----

class World:
    """p (S, A, S): the probabilities of going on in a state; r (S, A): the expected reward. alive (S): a state in
    which one acts."""

    def __init__(self, S, A, gamma):
        self.p, self.r = np.zeros((S, A, S)), np.zeros((S, A))
        self.gamma, self.alive = gamma, np.ones(S, bool)

    def add(self, s, a, p, r, n=None):
        self.r[s, a] += p * r
        if n is not None:
            self.p[s, a, n] += p

    def value(self, policy):
        p = np.einsum("sa,san->sn", policy, self.p)
        return np.linalg.solve(np.eye(len(p)) - self.gamma * p, (policy * self.r).sum(1))

    def q(self, v):
        return self.r + self.gamma * self.p @ v

    def best(self, epsilon):
        """Policy iteration among the policies that take each action with epsilon / A or more."""
        S, A = self.r.shape
        greedy = np.full((S, A), 1 / A)
        while True:
            v = self.value(greedy)
            q = self.q(v)
            first = (q > q.max(1, keepdims=True) - 1e-9).argmax(1)
            policy = np.full((S, A), epsilon / A)
            policy[np.arange(S), first] += 1 - epsilon
            if np.array_equal(policy, greedy):
                masks = ((q > q.max(1, keepdims=True) - 1e-9) * 2 ** np.arange(A)).sum(1)
                return v, q, np.where(self.alive, masks, 0), policy
            greedy = policy


MOVES = [(-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1)]


def grid_world(forbidden):
    world, bad = World(25, 5, 0.9), {(2, 2), (2, 3), (3, 3), (4, 2), (4, 4), (5, 2)}
    cells = list(itertools.product(range(1, 6), range(1, 6)))
    for s, (i, j) in enumerate(cells):
        for a, (di, dj) in enumerate(MOVES[:4] + [(0, 0)]):
            to = (i + di, j + dj)
            if to not in cells:
                world.add(s, a, 1, -1, s)
            else:
                world.add(s, a, 1, 1 if to == (4, 3) else forbidden if to in bad else 0, cells.index(to))
    return world


def cliff_world():
    world = World(48, 4, 1)
    for i, j in itertools.product(range(4), range(12)):
        world.alive[12 * i + j] = i < 3 or j == 0
        for a, (di, dj) in enumerate(MOVES[:4]):
            if not world.alive[12 * i + j]:
                continue
            y, x = np.clip(i + di, 0, 3), np.clip(j + dj, 0, 11)
            if y == 3 and 0 < x < 11:
                world.add(12 * i + j, a, 1, -100, 36)
            else:
                world.add(12 * i + j, a, 1, -1, None if (y, x) == (3, 11) else 12 * y + x)
    return world


def windy_world(moves, chance):
    world = World(70, moves, 1)
    world.alive[37] = False
    for i, j in itertools.product(range(7), range(10)):
        wind = [int(w) for w in "0001112210"][j]
        winds = [wind - 1, wind, wind + 1] if chance and wind else [wind]
        for a, w in itertools.product(range(moves), winds):
            y, x = np.clip(i + MOVES[a][0] - w, 0, 6), np.clip(j + MOVES[a][1], 0, 9)
            if (i, j) != (3, 7):
                world.add(10 * i + j, a, 1 / len(winds), -1, None if (y, x) == (3, 7) else 10 * y + x)
    return world


def best(world, epsilon, suffix):
    v, q, masks, _ = world.best(epsilon)
    return {"v" + suffix: v, "q" + suffix: q, "best" + suffix: masks}


def exact(world):
    def tables(given):
        epsilon = given["epsilon"].item()
        policy = world.best(0)[3]
        consistent = (1 - epsilon) * policy + epsilon / policy.shape[1]
        return {**best(world, 0, "_optimal"), **best(world, epsilon, "_soft"), "v_consistent": world.value(consistent)}
    return tables


def fixed_points(given):
    x = numbers(given)
    world = World(5, 3, x["gamma"])
    for s, a, k in np.ndindex(*x["p"].shape):
        world.add(s, a, x["p"][s, a, k], x["r"][s, a, k], None if x["end"][s, a, k] else x["next"][s, a, k])
    v = world.value(x["policy"])
    return {"v_policy": v, "q_policy": world.q(v), **best(world, 0, "_optimal"), **best(world, x["epsilon"], "_soft")}


def random_walk(given):
    """By going through all states of the walk with their moments as one linear map a step, and its geometric series."""
    x = numbers(given)
    S, start, truth = 5, 2, np.arange(1, 6) / 6
    n = S + 1

    def move(s, r, to, alpha):
        m = np.eye(n)
        m[s, s] -= alpha
        m[s, S] += alpha * r
        if to is not None:
            m[s, to] += alpha
        return np.kron(m, m)  # acts on E[w w^T] as a vector
    inside, out = np.zeros((S * n * n, S * n * n)), np.zeros((n * n, S * n * n))
    for s in range(S):
        for r, to in ((0, s - 1 if s else None), (int(s == S - 1), s + 1 if s < S - 1 else None)):
            m = move(s, r, to, x["alpha_td"]) / 2
            here = slice(s * n * n, (s + 1) * n * n)
            if to is None:
                out[:, here] += m
            else:
                inside[to * n * n:(to + 1) * n * n, here] += m
    episode = (out @ np.linalg.inv(np.eye(len(inside)) - inside))[:, start * n * n:(start + 1) * n * n]
    w = np.append(np.full(S, 0.5), 1)
    moments, td = np.kron(w, w), []
    for _ in range(11):
        m = moments.reshape(n, n)
        td.append(np.mean(np.diag(m)[:S] - 2 * truth * m[:S, S] + truth ** 2))
        moments = episode @ moments
    # Monte Carlo: the joint law of the number of visits and the exit, summed to where nothing is left
    mc, batch_mc = np.zeros(11), 0
    p = (np.eye(S, k=1) + np.eye(S, k=-1)) / 2
    visits = np.linalg.inv(np.eye(S) - p)
    for s in range(S):
        law = visit_law(S, start, s)
        count, g = np.arange(law.shape[0])[:, None], np.array([0, 1])[None, :]
        d = (1 - x["alpha_mc"]) ** count
        mean_v = square = 0.5
        square = mean_v ** 2
        for k in range(11):
            mc[k] += (square - 2 * truth[s] * mean_v + truth[s] ** 2) / S
            square = (law * (d * d * square + 2 * d * (1 - d) * g * mean_v + (1 - d) ** 2 * g)).sum()
            mean_v = (law * (d * mean_v + (1 - d) * g)).sum()
        batch_mc += (law * (count * (g - truth[s])) ** 2).sum() / (law * count).sum() ** 2 / S
    noise = 1 / 36 / visits[start]  # a step changes the value by 1/6
    return {"mse_td": td, "mse_mc": mc, "batch": [np.mean(visits ** 2 @ noise), batch_mc]}


def visit_law(S, start, s):
    """(N, 2): the probability of so many visits to s and of the exit on the left, on the right."""
    most = 400
    alive, law = np.zeros((S, most)), np.zeros((most, 2))
    alive[start, int(start == s)] = 1
    while alive.sum() > 1e-18:
        law[:, 0] += alive[0] / 2
        law[:, 1] += alive[S - 1] / 2
        after = np.zeros_like(alive)
        after[1:] += alive[:-1] / 2
        after[:-1] += alive[1:] / 2
        after[s] = np.append(0, after[s, :-1])
        alive = after
    return law


# ---- Blackjack, by hands of cards ----

CARDS = {c: (4 if c == 10 else 1) / 13 for c in range(1, 11)}


def total(hard, aces):
    """The best sum of a hand with aces counted 1 in hard, and whether one counts 11."""
    return (hard + 10, True) if aces and hard + 10 <= 21 else (hard, False)


def dealer_law(hard, aces, law, p=1.0):
    t, _ = total(hard, aces)
    if t >= 17:
        law[t if t <= 21 else 0] = law.get(t if t <= 21 else 0, 0) + p
        return law
    for c, pc in CARDS.items():
        dealer_law(hard + c, aces + (c == 1), law, p * pc)
    return law


def blackjack(given):
    world = World(200, 2, 1)
    ends = [[] for _ in range(400)]  # (p, r) of the outcomes that end

    def finish(s, a, p, r):
        world.add(s, a, p, r)
        ends[2 * s + a].append((p, r))
    for usable, dealer, player in itertools.product(range(2), range(1, 11), range(12, 22)):
        s = 100 * usable + 10 * (dealer - 1) + player - 12
        for t, p in dealer_law(dealer, dealer == 1, {}).items():
            finish(s, 0, p, np.sign(player - t))
        for c, p in CARDS.items():
            t, ace = total(player - 10 * usable + c, usable or c == 1)
            if t > 21:
                finish(s, 1, p, -1)
            else:
                world.add(s, 1, p, 0, 100 * ace + 10 * (dealer - 1) + t - 12)
    target = np.array([[1, 0] if 12 + s % 10 >= 20 else [0, 1] for s in range(200)], float)
    v = world.value(target)
    weight = target ** 2 / 0.5
    chain = np.einsum("sa,san->sn", weight, world.p)

    def square(c):
        end = [sum(weight[s, a] * p * (r - c) ** 2 for a in range(2) for p, r in ends[2 * s + a]) for s in range(200)]
        return np.linalg.solve(np.eye(200) - chain, end)
    return {**best(world, 0, "_optimal"), "v_stick_on_20": v, "variance_ordinary": square(0) - v ** 2,
            "variance_weighted": np.array([square(v[s])[s] for s in range(200)])}


run("td", "plain NumPy; linear algebra and policy iteration", {
    "mean": mean,
    "robbins_monro": robbins_monro,
    "td0": td0,
    "mc_first_visit": lambda given: monte_carlo(given, False),
    "mc_every_visit": lambda given: monte_carlo(given, True),
    "sarsa": lambda given: action_values(given, lambda x, q, n, b: q[n, b]),
    "expected_sarsa": lambda given: action_values(given, lambda x, q, n, b: soft(q[n], x["epsilon"]) @ q[n]),
    "q_learning": lambda given: action_values(given, lambda x, q, n, b: q[n].max()),
    "n_step_sarsa": n_step,
    "double_q": double_q,
    "td_lambda": td_lambda,
    "off_policy_mc": off_policy,
    "batch": batch,
    "fixed_points": fixed_points,
    "grid": exact(grid_world(-10)),
    "grid_mild": exact(grid_world(-1)),
    "cliff": exact(cliff_world()),
    "windy": exact(windy_world(4, False)),
    "windy_king_chance": exact(windy_world(8, True)),
    "random_walk": random_walk,
    "blackjack": blackjack,
})
