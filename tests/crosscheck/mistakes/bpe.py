"""Chapter bpe in plain Python, from the text alone, right and with one mistake at a time."""
import collections
import math
import pathlib
import re
import sys
import unicodedata

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run

PRINTED = [*range(33, 127), *range(161, 173), *range(174, 256)]
ORDER = PRINTED + [b for b in range(256) if b not in PRINTED]


def symbols_of(data, wrong=""):
    return [int(b) if wrong == "by value" else ORDER.index(b) for b in data]


def cut(x, lengths):
    ends = np.cumsum(lengths)
    return [x[e - n:e] for e, n in zip(ends, lengths)]


def padded(x, n):
    return np.array(list(x) + [-1] * (n - len(x)))


def data(x):
    return bytes(int(b) for b in x)


# ---- Pieces ----

SPACES = {*range(9, 14), 0x20, 0x85, 0xa0, 0x1680, *range(0x2000, 0x200b), 0x2028, 0x2029, 0x202f, 0x205f, 0x3000}


def class_of(c, wrong=""):
    if wrong == "ascii" and ord(c) >= 128:
        return 0
    kind = 3 if ord(c) in SPACES else {"L": 1, "N": 2}.get(unicodedata.category(c)[0], 0)
    return 1 if wrong == "numbers are letters" and kind == 2 and ord(c) < 128 else kind


def scanner(g, wrong=""):
    text = data(g["text"]).decode(errors="surrogateescape")
    kinds, pieces, at = [class_of(c, wrong) for c in text], [], 0

    def run_end(i):
        k = kinds[i]
        while i < len(text) and kinds[i] == k:
            i += 1
        return i
    while at < len(text):
        ending = re.match("'(?:[stmd]|re|ve|ll)", text[at:], re.I if wrong == "upper case" else 0)
        joins = text[at] == " " or wrong == "any blank" and kinds[at] == 3 and ord(text[at]) < 128
        if ending and wrong != "no endings":
            end = at + ending.end()
        elif joins and wrong != "space apart" and at + 1 < len(text) and kinds[at + 1] != 3:
            end = run_end(at + 1)
        else:
            end = run_end(at)
            if kinds[at] == 3 and end < len(text) and end - at > 1 and wrong != "keeps last":
                end -= 1
        pieces.append(text[at:end].encode(errors="surrogateescape"))
        at = end
    out = {"class": [], "piece": [], "begin": []}
    for c in text:
        out["class"] += [class_of(c)] * len(c.encode(errors="surrogateescape"))
    for k, p in enumerate(pieces):
        out["begin"] += [len(out["piece"])] * len(p)
        out["piece"] += [k] * len(p)
    return {n: np.array(v) for n, v in out.items()}


# ---- Pairs and training ----

def count(words, f, wrong=""):
    n = collections.Counter()
    for w, times in zip(words, f):
        i = 0
        while i + 1 < len(w):
            n[w[i], w[i + 1]] += 1 if wrong == "not weighted" else times
            i += 2 if wrong == "run once" and i + 2 < len(w) and w[i] == w[i + 1] == w[i + 2] else 1
    return n


def merged(w, pair, z, wrong=""):
    out, i, done = [], 0, False
    while i < len(w):
        if tuple(w[i:i + 2]) == pair and not (wrong == "first place" and done):
            out.append(z)
            done = True
            i += 2
            while wrong == "run is one" and i < len(w) and (w[i - 1], w[i]) == pair:
                i += 1
            if wrong == "overlap" and i < len(w) and (w[i - 1], w[i]) == pair:
                i -= 1
        else:
            out.append(w[i])
            i += 1
    return out


def rows(n, room):
    table = [[a, b, k] for (a, b), k in sorted(n.items())]
    return np.array(table + [[-1] * 3] * (room - len(table)))


def words_of(g, wrong=""):
    return [symbols_of(w, wrong) for w in cut(g["bytes"], g["lengths"])], [int(f) for f in g["f"]]


def pairs(g, wrong=""):
    words, f = words_of(g, wrong)
    return {"symbols": np.array(sum(words, [])), "pairs": rows(count(words, f, wrong), sum(map(len, words)))}


def train(g, wrong=""):
    words, f = words_of(g, wrong)
    first = 257 if wrong == "257" else 256
    total, starts = sum(map(len, words)), np.cumsum([0] + [len(w) for w in words])
    out, seen = collections.defaultdict(list), {}
    for k in range(g["merges"]):
        n = count(words, f, wrong)
        for p in n:
            seen.setdefault(p, len(seen))
        tie = {"oldest": lambda p: seen[p], "first": lambda p: list(n).index(p), "larger": lambda p: (-p[0], -p[1]), "right": lambda p: (p[1], p[0])}.get(wrong, lambda p: p)
        pair = min(n, key=lambda p: (-n[p], tie(p)))
        words = [merged(w, pair, first + k, wrong) for w in words]
        state = np.full(total, -1)
        for w, at in zip(words, starts):
            state[at:at + len(w)] = w
        for name, value in (("n_ab", n[pair]), ("left", pair[0]), ("right", pair[1]), ("state", state)):
            out[name].append(value)
    return {n: np.array(v) for n, v in out.items()}


def train_by_changes(g, wrong=""):
    """With counts that are kept up, as fast programs have them, and a list of candidates with the counts of their time."""
    words, f = words_of(g)
    n, old, pushed = count(words, f), {}, set()
    out = collections.defaultdict(list)
    total, starts = sum(map(len, words)), np.cumsum([0] + [len(w) for w in words])
    for k in range(g["merges"]):
        for p in set(n) - pushed:
            old[p] = n[p]
            pushed.add(p)
        while True:
            pair = min(old, key=lambda p: (-old[p], p))
            had, now = old.pop(pair), n[pair]
            if now > 0 and (had == now or wrong == "stale taken"):
                break
            if now > 0 and wrong != "stale dropped":
                old[pair] = now
        for i, w in enumerate(words):
            new = merged(w, pair, 256 + k)
            if new == w:
                continue
            before, after = count([w], [f[i]]), count([new], [f[i]])
            if wrong == "not lowered":
                before, after = collections.Counter(), collections.Counter({p: c for p, c in after.items() if 256 + k in p})
            n.subtract(before)
            n.update(after)
            words[i] = new
        state = np.full(total, -1)
        for w, at in zip(words, starts):
            state[at:at + len(w)] = w
        for name, value in (("n_ab", now), ("left", pair[0]), ("right", pair[1]), ("state", state)):
            out[name].append(value)
    return {name: np.array(v) for name, v in out.items()}


# ---- Encoding ----

def encode(g, wrong=""):
    merges = {(int(a), int(b)): k for k, (a, b) in enumerate(g["merges"])}
    now, ranks, first = symbols_of(data(g["text"])), [], 257 if wrong == "257" else 256
    n = len(now)
    while True:
        found = [merges[p] for p in zip(now, now[1:]) if p in merges]
        if not found:
            return {"rank": padded(ranks, n - 1), "ids": padded(now, n)}
        rank = found[0] if wrong == "left to right" else max(found) if wrong == "latest" else min(found)
        pair = next(p for p, k in merges.items() if k == rank)
        now = merged(now, pair, first + rank, wrong)
        ranks.append(rank)


# ---- Streams ----

def vocabulary(g):
    return [bytes([b]) for b in ORDER] + [data(t) for t in cut(g["token_bytes"], g["token_lengths"])]


def length_of(s):
    """How many bytes the character has that begins s; minus how many begin none; 0: more bytes must come."""
    first = s[0]
    if first < 0x80:
        return 1
    n = 2 if 0xc2 <= first <= 0xdf else 3 if 0xe0 <= first <= 0xef else 4 if 0xf0 <= first <= 0xf4 else 0
    if not n:
        return -1
    for i in range(1, n):
        if i >= len(s):
            return 0
        low, high = {0xe0: (0xa0, 0xbf), 0xed: (0x80, 0x9f), 0xf0: (0x90, 0xbf), 0xf4: (0x80, 0x8f)}.get(first, (0x80, 0xbf)) if i == 1 else (0x80, 0xbf)
        if not low <= s[i] <= high:
            return -i
    return n


def stream(g, wrong=""):
    known, held, given, holding, out = vocabulary(g), b"", [], [], b""
    for i in [int(i) for i in g["ids"]] + [None]:
        s, shown, last = held + (b"" if i is None else known[i]), b"", i is None
        while s:
            k = length_of(s)
            if k == 0 and not (last and wrong != "end held") and wrong != "alone":
                break
            if k > 0:
                shown, s = shown + s[:k], s[k:]
            else:
                shown += b"" if wrong == "dropped" else b"\xef\xbf\xbd"
                s = s[1:] if wrong == "each byte" else s[-k:] if k < 0 else b""
        held = b"" if wrong == "lost" else s
        holding.append(len(held))
        given.append(len(shown))
        out += shown
    return {"held": np.array(holding), "given": np.array(given), "out": padded(out, 64)}


# ---- Special tokens, ranks, splits, the measure ----

def tokens_of(g):
    known = [bytes([b]) for b in ORDER]
    for a, b in g["merges"]:
        known.append(known[int(a)] + known[int(b)])
    return known


def by_parents(ids, s, limit=None, wrong=""):
    parts = [s[i:i + 1] for i in range(len(s))]
    rank = [ids.get(a + b, math.inf) for a, b in zip(parts, parts[1:])]
    while rank and min(rank) < (limit or math.inf):
        k = rank.index(min(rank))
        parts[k:k + 2] = [parts[k] + parts[k + 1]]
        del rank[k]
        if k < len(rank):
            rank[k] = ids.get(parts[k] + parts[k + 1], math.inf)
        if k > 0 and wrong != "left stays":
            rank[k - 1] = ids.get(parts[k - 1] + parts[k], math.inf)
    return [ids.get(p, -1) for p in parts]


def special(g, wrong=""):
    text, known = data(g["text"]), tokens_of(g)
    ids = {t: i for i, t in enumerate(known)}
    names = [data(n) for n in cut(g["special_bytes"], g["special_lengths"])]

    def with_allowed(allowed):
        out, at, begin = [], 0, 0

        def flush(s):
            pieces = re.findall(rb"'(?:[stmd]|re|ve|ll)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+", s)
            return [i for p in pieces for i in by_parents(ids, p)]
        while at < len(text):
            here = [n for n in (names if wrong == "any" else allowed) if text.startswith(n, at)]
            if not here:
                at += 1
                continue
            name = here[0] if wrong == "first of list" else max(here, key=len)
            out += flush(text[begin:at]) + [len(known) + names.index(name) + (wrong == "late")]
            begin = at = at + len(name)
        return padded(out + flush(text[begin:]), len(text))
    return {"ids": with_allowed(names), "ids_s": with_allowed([b"<s>"]), "ids_plain": with_allowed([])}


def ranks_to_merges(g, wrong=""):
    known = vocabulary(g)
    ids, out = {t: i for i, t in enumerate(known)}, []
    for i in range(256, len(known)):
        t = known[i]
        parts = [ids.get(t[:-1], -1), ids[t[-1:]]] if wrong == "last byte" else by_parents(ids, t, i)
        out.append(parts[::-1] if wrong == "exchanged" else parts)
    return {"parts": np.array(out)}


def fewest(g, wrong=""):
    s, known = data(g["text"]), vocabulary(g)
    ids, best, n = {t: i for i, t in enumerate(known)}, [1 if wrong == "from one" else 0], len(data(g["text"]))
    for j in range(1, n + 1):
        best.append(min([j] + [best[i] + 1 for i in range(j) if s[i:j] in ids]))
    longest, at = [], 0
    while at < n:
        k = next(k for k in range(n, at, -1) if s[at:k] in ids)
        longest.append(ids[s[at:k]])
        at = k
    parts, k = [s[i:i + 1] for i in range(n)], 0
    while k + 1 < len(parts):
        if parts[k] + parts[k + 1] in ids:
            parts[k:k + 2] = [parts[k] + parts[k + 1]]
            k = k if wrong == "goes on" else 0
        else:
            k += 1
    return {"best": np.array(best), "bpe": padded(by_parents(ids, s, wrong=wrong), n), "longest": padded(longest, n),
            "leftmost": padded([ids[p] for p in parts], n)}


def bits(g, wrong=""):
    size = 8 if wrong == "characters" else len(g["text"])
    rate = size / g["parts"] if wrong == "upside down" else 1 if wrong == "token" else g["parts"] / size
    return {"bits_per_byte": np.array(g["nats"] * rate / (1 if wrong == "nats" else math.log(2)))}


def wrongly(function, wrong):
    return lambda g: function(g, wrong)


for case, function in (("scanner", scanner), ("pairs", pairs), ("train", train), ("train", train_by_changes), ("train_ties", train),
                       ("encode", encode), ("encode_run", encode), ("decode_stream", stream), ("special", special),
                       ("ranks_to_merges", ranks_to_merges), ("fewest", fewest), ("bits_per_byte", bits)):
    right(case, function)
for case, function, planted in (
        ("scanner", scanner, {"scanner-space-apart": "space apart", "scanner-keeps-last-space": "keeps last",
                              "scanner-any-blank-joins": "any blank", "scanner-upper-case": "upper case",
                              "scanner-no-contractions": "no endings", "scanner-numbers-are-letters": "numbers are letters",
                              "scanner-ascii-only": "ascii"}),
        ("pairs", pairs, {"pairs-not-weighted": "not weighted", "pairs-run-once": "run once", "pairs-bytes-by-value": "by value"}),
        ("train", train, {"train-not-weighted": "not weighted", "train-run-once": "run once", "train-ties-larger": "larger",
                          "train-run-becomes-one": "run is one", "train-first-place-only": "first place",
                          "train-ties-first": "first", "train-ties-oldest": "oldest", "train-ties-right-first": "right",
                          "train-bytes-by-value": "by value", "train-ids-from-257": "257"}),
        ("train", train_by_changes, {"train-neighbours-not-lowered": "not lowered", "train-stale-dropped": "stale dropped",
                                     "train-stale-taken": "stale taken"}),
        ("train_ties", train, {"ties-first": "first", "ties-larger": "larger", "ties-right-first": "right", "ties-by-value": "by value"}),
        ("encode", encode, {"encode-left-to-right": "left to right", "encode-latest-first": "latest", "encode-ids-from-257": "257"}),
        ("encode_run", encode, {"run-becomes-one": "run is one", "run-overlaps": "overlap"}),
        ("decode_stream", stream, {"stream-token-by-token": "alone", "stream-broken-dropped": "dropped",
                                   "stream-each-byte-replaced": "each byte", "stream-end-held": "end held",
                                   "stream-held-lost": "lost"}),
        ("special", special, {"special-from-user-text": "any", "special-first-of-list": "first of list", "special-one-late": "late"}),
        ("ranks_to_merges", ranks_to_merges, {"recover-prefix-and-byte": "last byte", "recover-exchanged": "exchanged"}),
        ("fewest", fewest, {"fewest-not-from-zero": "from one", "leftmost-goes-on": "goes on", "parents-left-not-renewed": "left stays"}),
        ("bits_per_byte", bits, {"bits-per-token": "token", "bits-in-nats": "nats", "bits-per-character": "characters",
                                 "bits-upside-down": "upside down"})):
    for ids, wrong in planted.items():
        mistake(case, ids, wrongly(function, wrong))
run("bpe")
