"""Chapter bpe against tiktoken, Hugging Face's tokenizers, the module regex and Python's codecs: every case; then all
classes of characters, and every token of 12 MB of mixed text. Needs tiktoken, tokenizers and regex:

    build/venv/bin/python -m pip install tiktoken tokenizers regex
"""
import base64
import codecs
import collections
import heapq
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np

from check import ROOT, run

try:
    import regex
    import tiktoken
    import tokenizers
except ImportError as missing:
    sys.exit(f"crosscheck of bpe: {missing}; it needs: python -m pip install tiktoken tokenizers regex")

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
PRINTED = [*range(33, 127), *range(161, 173), *range(174, 256)]
ORDER = PRINTED + [b for b in range(256) if b not in PRINTED]
SYMBOL = {b: s for s, b in enumerate(ORDER)}


def ints(x):
    return [int(v) for v in x.flatten()]


def padded(x, n):
    return list(x) + [-1] * (n - len(x))


def text_of(x):
    return bytes(ints(x))


def pieces_of(text):
    """GPT-2's pattern; a byte that is no UTF-8 becomes a lone surrogate, which is neither letter, number nor space."""
    found = regex.findall(GPT2, text.decode(errors="surrogateescape"))
    return [p.encode(errors="surrogateescape") for p in found]


def cut(x, lengths):
    """What stands one behind the other, as a list."""
    ends = np.cumsum(ints(lengths))
    return [x[e - n:e] for e, n in zip(ends, ints(lengths))]


def table_of(merges):
    """The bytes of all tokens."""
    known = [bytes([b]) for b in ORDER]
    for left, right in merges:
        known.append(known[int(left)] + known[int(right)])
    return known


def encoding(known, limit=None):
    return tiktoken.Encoding("ours", pat_str=GPT2, special_tokens={},
                             mergeable_ranks={t: i for i, t in enumerate(known[:limit])})


def by_parents(known, piece, limit=None):
    """tiktoken's own splitting of one piece. (It takes a piece that is a token as it is.)"""
    return list(encoding(known, limit)._core_bpe.encode_single_piece(piece))


# ---- Cases ----

def scanner(given):
    text = text_of(given["text"])
    spaces = {*range(9, 14), 0x20, 0x85, 0xa0, 0x1680, *range(0x2000, 0x200b), 0x2028, 0x2029, 0x202f, 0x205f, 0x3000}
    classes, piece, begin = [], [], []
    for c in text.decode(errors="surrogateescape"):
        k = 3 if ord(c) in spaces else 1 if regex.match(r"\p{L}", c) else 2 if regex.match(r"\p{N}", c) else 0
        classes += [k] * len(c.encode(errors="surrogateescape"))
    for k, p in enumerate(pieces_of(text)):
        begin += [len(piece)] * len(p)
        piece += [k] * len(p)
    return {"class": classes, "piece": piece, "begin": begin}


def words_of(given):
    words = [[SYMBOL[b] for b in w] for w in cut(text_of(given["bytes"]), given["lengths"])]
    return words, ints(given["f"])


def count(words, f):
    n = collections.Counter()
    for w, times in zip(words, f):
        for pair in zip(w, w[1:]):
            n[pair] += times
    return n


def rows(n, room):
    """Those that stand somewhere, and -1 behind them."""
    return [[a, b, k] for (a, b), k in sorted(n.items())] + [[-1] * 3] * (room - len(n))


def merged(w, pair, z):
    out, i = [], 0
    while i < len(w):
        if tuple(w[i:i + 2]) == pair:
            out.append(z)
            i += 2
        else:
            out.append(w[i])
            i += 1
    return out


def pairs(given):
    words, f = words_of(given)
    return {"symbols": sum(words, []), "pairs": rows(count(words, f), sum(map(len, words)))}


def best_of(n):
    return min(n, key=lambda pair: (-n[pair], pair))


def training(given, with_heap):
    words, f = words_of(given)
    lengths, total = [len(w) for w in words], sum(map(len, words))
    starts = np.cumsum([0] + lengths)
    out = collections.defaultdict(list)
    heap, pushed = [], set()
    for k in range(int(given["merges"])):
        n = count(words, f)
        pair = best_of(n)
        for new in set(n) - pushed:
            heapq.heappush(heap, (-n[new], new))
            pushed.add(new)
        pops = stale = 0
        while True:
            had, top = heapq.heappop(heap)
            pops += 1
            if -had == n[top]:
                break
            stale += 1
            if n[top]:
                heapq.heappush(heap, (-n[top], top))
        assert top == pair, "the heap gives another pair than counting"
        words = [merged(w, pair, 256 + k) for w in words]
        state = np.full(total, -1)
        for w, at in zip(words, starts):
            state[at:at + len(w)] = w
        for name, value in zip(("n_ab", "left", "right", "state", "pops", "stale"), (n[pair], *pair, state, pops, stale)):
            out[name].append(value)
        if with_heap and k + 1 in (1, 2, 7):
            out[f"pairs_{k + 1}"] = rows(count(words, f), total)
    if not with_heap:
        del out["pops"], out["stale"]
    return dict(out)


def encode(given):
    merges = {tuple(ints(m)): k for k, m in enumerate(given["merges"])}
    piece = text_of(given["text"])
    now, ranks, states = [SYMBOL[b] for b in piece], [], []
    while True:
        found = [merges[p] for p in zip(now, now[1:]) if p in merges]
        if not found:
            break
        rank = min(found)
        now = merged(now, next(p for p, k in merges.items() if k == rank), 256 + rank)
        ranks.append(rank)
        states.append(now + [-1] * (len(piece) - len(now)))
    assert now == hugging_face(given["merges"], piece), "tokenizers splits otherwise"
    n = len(piece)
    return {"rank": padded(ranks, n - 1), "state": states + [[-1] * n] * (n - 1 - len(states)), "ids": padded(now, n)}


def shown(b):
    s = SYMBOL[b]
    return chr(b if s < 188 else 256 + s - 188)


def hugging_face(merges, piece):
    """The ids by tokenizers' BPE model."""
    names = ["".join(shown(b) for b in t) for t in table_of(merges)]
    model = tokenizers.models.BPE({n: i for i, n in enumerate(names)}, [(names[int(a)], names[int(b)]) for a, b in merges])
    return [t.id for t in model.tokenize("".join(shown(b) for b in piece))]


def edited_list(given):
    piece, known = text_of(given["text"]), table_of(given["merges"])
    # a longer piece than any token, so that tiktoken does not take it whole
    both = by_parents(known, piece + b"#")
    return {"by_children": padded(hugging_face(given["merges"], piece), len(piece)), "by_parents": padded(both[:-1], len(piece))}


def vocabulary_of(given):
    return [bytes([b]) for b in ORDER] + cut(text_of(given["token_bytes"]), given["token_lengths"])


def decode_stream(given):
    known, decoder = vocabulary_of(given), codecs.getincrementaldecoder("utf-8")("replace")
    held, out = [], []
    for i in ints(given["ids"]) + [None]:
        out.append(decoder.decode(b"" if i is None else known[i], i is None).encode())
        held.append(len(decoder.getstate()[0]))
    return {"held": held, "given": [len(o) for o in out], "out": padded(b"".join(out), 64)}


def special(given):
    text, known = text_of(given["text"]), table_of(given["merges"])
    names = cut(text_of(given["special_bytes"]), given["special_lengths"])
    plain = encoding(known)

    def with_allowed(allowed):
        ids, longest = [], sorted(allowed, key=len, reverse=True)
        parts = regex.split(b"(" + b"|".join(map(regex.escape, longest)) + b")", text) if allowed else [text]
        for part in parts:
            ids += [len(known) + names.index(part)] if part in allowed else plain.encode_ordinary(part.decode())
        return padded(ids, len(text))
    return {"ids": with_allowed(names), "ids_s": with_allowed([b"<s>"]), "ids_plain": with_allowed([])}


def ranks_to_merges(given):
    known = vocabulary_of(given)
    return {"parts": [by_parents(known, known[i], i) for i in range(256, len(known))]}


def fewest(given):
    text, known = text_of(given["text"]), vocabulary_of(given)
    ids = {t: i for i, t in enumerate(known)}
    best = [0]
    for j in range(1, len(text) + 1):
        best.append(min(best[i] + 1 for i in range(j) if text[i:j] in ids))
    longest, at = [], 0
    while at < len(text):
        t = max((t for t in known if text.startswith(t, at)), key=len)
        longest.append(ids[t])
        at += len(t)
    parts, k = [bytes([b]) for b in text], 0
    while k + 1 < len(parts):
        if parts[k] + parts[k + 1] in ids:
            parts[k:k + 2] = [parts[k] + parts[k + 1]]
            k = 0
        else:
            k += 1
    n = len(text)
    return {"best": best, "bpe": padded(by_parents(known, text), n), "longest": padded(longest, n),
            "leftmost": padded([ids[p] for p in parts], n)}


def bits_per_byte(given):
    bits = float(given["nats"].detach()) * math.log2(math.e) * int(given["parts"])
    return {"bits_per_byte": bits / len(text_of(given["text"]))}


# ---- Whole texts ----

def mixed_text(size):
    """English, code, Chinese, emoji, every character there is, blanks of all kinds."""
    draw = random.Random(26)
    english = [(ROOT / "chapters/bpe/texts" / n).read_text() for n in ("GPL-3", "MPL-2.0", "Apache-2.0")]
    code = [p.read_text() for p in sorted(ROOT.glob("common/*/*.c")) + sorted(ROOT.glob("tests/**/*.py"))]
    han = ["".join(chr(0x4e00 + int(3000 * draw.random() ** 3)) for _ in range(draw.choice((1, 2, 2, 3)))) for _ in range(3000)]
    emoji = [chr(c) for c in (*range(0x1f300, 0x1f650), *range(0x2600, 0x27bf))] + ["\u200d", "\ufe0f", "👩\u200d💻", "🇨🇭"]
    blank = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "a", "'", "'ll", "'S", "1", "½", "."]
    parts, n = [], 0
    while n < size:
        kind = draw.randrange(6)
        if kind < 2:
            source = draw.choice(english if kind == 0 else code)
            at = draw.randrange(len(source))
            new = source[at:at + 20000]
        elif kind == 2:
            new = "".join(han[int(3000 * draw.random() ** 2)] + draw.choice(("", "", "", "，", "。", "\n")) for _ in range(1500))
        elif kind == 3:
            new = "".join(draw.choice(emoji) + draw.choice(("", "", " ", " ok", "!")) for _ in range(1500))
        elif kind == 4:
            new = "".join(chr(draw.choice((draw.randrange(0xd800), draw.randrange(0xe000, 0x110000)))) + draw.choice(("", " ", "'s", "\n"))
                          for _ in range(1500))
        else:
            new = "".join(draw.choices(blank, k=3000))
        parts.append(new)
        n += len(new.encode())
    return "".join(parts)


def tool(*options):
    program = ROOT / os.environ.get("BUILD", "build") / "bpe" / "bpe"
    return subprocess.run([program, *map(str, options)], check=True, capture_output=True).stdout


def hold_texts(folder):
    text = mixed_text(12_000_000)
    (folder / "text").write_bytes(text.encode())
    tool("--train", folder / "text", "--vocabulary", 8192, "--save", folder / "ranks")
    tool("--train", folder / "text", "--vocabulary", 8192, "--save", folder / "merges.txt")
    # training, merge for merge
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.train_from_iterator([text], tokenizers.trainers.BpeTrainer(
        vocab_size=8192, min_frequency=0, show_progress=False,
        initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())))
    merges = [tuple(m) for m in json.loads(theirs.to_str())["model"]["merges"]]
    ours = [tuple(line.split(" ")) for line in (folder / "merges.txt").read_text().split("\n")[1:-1]]
    assert merges == ours, "tokenizers' trainer merges otherwise"
    # encoding, token for token; from both files
    ranks = {base64.b64decode(a): int(b) for a, b in map(bytes.split, (folder / "ranks").read_bytes().splitlines())}
    enc = tiktoken.Encoding("ours", pat_str=GPT2, mergeable_ranks=ranks, special_tokens={})
    said = tool("--tokens", folder / "ranks", "--encode", folder / "text")
    ids = [int(i) for i in said.split()]
    assert ids == enc.encode_ordinary(text), "tiktoken splits the text otherwise"
    assert said == tool("--tokens", folder / "merges.txt", "--encode", folder / "text")
    # bytes that are no text, piece for piece
    noise = random.Random(27).randbytes(1_000_000)
    (folder / "noise").write_bytes(noise)
    said = tool("--tokens", folder / "ranks", "--encode", folder / "noise")
    pieces = [i for p in pieces_of(noise) for i in ([ranks[p]] if p in ranks else enc._core_bpe.encode_single_piece(p))]
    assert [int(i) for i in said.split()] == pieces, "tiktoken splits random bytes otherwise"
    (folder / "ids").write_bytes(said)
    assert tool("--tokens", folder / "ranks", "--decode", folder / "ids") == noise, "random bytes do not come back"
    print(f"bpe: {len(merges)} merges as tokenizers', {len(ids)} tokens of {len(text.encode())} bytes and {len(pieces)} of a "
          "million random ones as tiktoken's")


def hold_classes():
    """What tiktoken's own \\p{L}, \\p{N}, \\s find among all characters is what common/data/unicode.c says."""
    source = (ROOT / "common/data/unicode.c").read_text()
    change = [int(x, 16) for x in source[source.index("change[]"):source.index("};")].split("{")[1].replace("\n", " ").split(",")[:-1]]
    ours = np.zeros(0x110000, int)
    for c in change:
        ours[c >> 2:] = c & 3
    every = "".join(chr(c) for c in range(0x110000) if not 0xd800 <= c < 0xe000)
    for k, pattern in enumerate((r"\p{L}", r"\p{N}", r"\s"), 1):
        enc = tiktoken.Encoding("bytes", pat_str=pattern, mergeable_ranks={bytes([b]): b for b in range(256)}, special_tokens={})
        found = [ord(c) for c in bytes(enc.encode_ordinary(every)).decode()]
        assert found == list(np.flatnonzero(ours == k)), f"tiktoken's {pattern} are other characters"
    print("bpe: the classes of all characters are tiktoken's")


if "CASES_ONLY" not in os.environ:
    hold_classes()
    with tempfile.TemporaryDirectory() as place:
        hold_texts(pathlib.Path(place))
run("bpe", "tiktoken, tokenizers, regex and Python's codecs", {
    "scanner": scanner, "pairs": pairs, "train": lambda g: training(g, True), "train_ties": lambda g: training(g, False),
    "encode": encode, "encode_run": encode, "edited_list": edited_list, "decode_stream": decode_stream, "special": special,
    "ranks_to_merges": ranks_to_merges, "fewest": fewest, "bits_per_byte": bits_per_byte})
