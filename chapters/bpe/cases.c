// The reference cases: small words, texts and vocabularies, every intermediate state in whole numbers.
#include "bpe/cases.h"

#include "bpe/bpe.h"
#include "bpe/splits.h"
#include "data/pieces.h"
#include "data/tokens.h"
#include "data/unicode.h"
#include "files/fail.h"
#include "frame/case.h"
#include "nets/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 512 }; // bytes or symbols of one array of a case

static const char *const symbols_are =
    "symbol s is a byte for s < 256, numbered as GPT-2 does: first the bytes 33 to 126, 161 to 172 "
    "and 174 to 255 in "
    "order, then the other 68 in order (\"!\" is 0, a space is 220); 256 + k is what merge k makes";
static const char *const ties_are = "of pairs with equally many the one with the smaller left "
                                    "symbol is merged, then with the smaller right one";
static const char *const padded_are = "what a row does not need is -1";

// ---- What cases write ----

static void
input_bytes(const char *name, const char *text, int n, const char *about)
{
    int value[MOST];
    for (int i = 0; i < n; i++)
        value[i] = (unsigned char)text[i];
    case_input_i4(name, SHAPE(n), value, about);
}

// Makes n values `room` by -1 behind them; an array that would be longer is an error.
static int
pad(int room, int n, int *values)
{
    if (n > room)
        fail("cases: %d values, room for %d", n, room);
    for (int i = n; i < room; i++)
        values[i] = -1;
    return room;
}

// Words as they stand, one behind the other.
static void
input_words(int n, const char *const *words, const int *f)
{
    char all[MOST] = "";
    int length[MOST];
    for (int k = 0; k < n; k++) {
        strcat(all, words[k]);
        length[k] = (int)strlen(words[k]);
    }
    input_bytes("bytes", all, (int)strlen(all), "the words, one behind the other");
    case_input_i4("lengths", SHAPE(n), length, "how many bytes each word has");
    case_input_i4("f", SHAPE(n), f, "how often each comes");
}

static bpe_words
words_of(int n, const char *const *words, const int *f)
{
    bpe_words w = {0};
    for (int k = 0; k < n; k++) {
        int symbol[MOST], length = (int)strlen(words[k]);
        for (int i = 0; i < length; i++)
            symbol[i] = bpe_symbol((unsigned char)words[k][i]);
        bpe_words_add(&w, length, symbol, f[k]);
    }
    return w;
}

static int
by_pair(const void *a, const void *b)
{
    const bpe_pair *x = &((const bpe_entry *)a)->pair, *y = &((const bpe_entry *)b)->pair;
    return x->left != y->left ? (x->left > y->left) - (x->left < y->left)
                              : (x->right > y->right) - (x->right < y->right);
}

// All pairs of the words that stand side by side somewhere, in their order, with n_ab: (room, 3).
static void
write_pairs(const char *name, const char *from, const bpe_words *w, int room, const char *about)
{
    bpe_pairs p = bpe_count_pairs(w);
    int row[MOST][3];
    qsort(p.entry, p.n, sizeof *p.entry, by_pair);
    for (long e = 0; e < p.n; e++) {
        row[e][0] = p.entry[e].pair.left;
        row[e][1] = p.entry[e].pair.right;
        row[e][2] = (int)p.entry[e].n;
    }
    pad(3 * room, 3 * (int)p.n, row[0]);
    case_write_i4("step", name, from, SHAPE(room, 3), row[0], about);
    bpe_pairs_free(&p);
}

// ---- Pieces and pairs ----

static void
scanner(void)
{
    static const char text[] =
        "I've  seen\t12 na\xc3\xafve caf\xc3\xa9s' 3\xc2\xbd\xd9\xa3; they'll DON'T'S "
        "\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c \xe4\xb8\x96\xe7\x95\x8c\xef\xbc\x81\xe3\x80\x80"
        "\n\n  if (x'd) { 'twas \xf0\x9f\x99\x82 } \xff\xe4\xbd q\xc2\xa0 \xa0z   ";
    int n = sizeof text - 1, class[MOST], piece[MOST], begin[MOST], pieces = 0;
    const unsigned char *s = (const unsigned char *)text;
    for (int at = 0, length; at < n; at += length) {
        unicode_class c = unicode_next(s + at, n - at, &length);
        for (int i = 0; i < length; i++)
            class[at + i] = c;
    }
    for (int at = 0; at < n; pieces++) {
        int first = at, end = (int)pieces_end(s, n, at);
        for (; at < end; at++) {
            piece[at] = pieces;
            begin[at] = first;
        }
    }
    case_begin("scanner", "Bytes to pieces, by GPT-2's rule: no token reaches over a piece's end.");
    case_convention("the rule: 's|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| "
                    "?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+, "
                    "the first alternative that fits, each as long as it can be");
    case_convention("letters are Unicode's category L, numbers N, spaces White_Space; a byte that "
                    "belongs to no UTF-8 "
                    "character is \"other\", each for itself");
    input_bytes("text", text, n, "the bytes");
    case_write_i4("step", "class", "text", SHAPE(n), class,
                  "of the character that a byte belongs to: 0 other, 1 letter, 2 number, 3 space");
    case_write_i4("output", "piece", "class", SHAPE(n), piece,
                  "the number of the piece that a byte belongs to");
    case_write_i4("output", "begin", "class", SHAPE(n), begin,
                  "where the piece that a byte belongs to begins");
    case_end();
}

static void
pairs(void)
{
    static const char *const word[] = {" banana", "aaaa", "ban", " an", "b", "\xc3\xa9", " nanana"};
    static const int f[] = {3, 5, 2, 7, 11, 4, 1};
    enum { N = sizeof f / sizeof *f };
    bpe_words w = words_of(N, word, f);
    case_begin("pairs",
               "How often each pair of symbols stands side by side, in words that come f times.");
    case_convention(symbols_are);
    case_convention(
        "places are counted, also where they share a symbol: aaaa holds the pair aa three times");
    input_words(N, word, f);
    case_write_i4("step", "symbols", "bytes", SHAPE((int)w.used), w.symbol, "the words as symbols");
    write_pairs("pairs", "symbols lengths f", &w, (int)w.used,
                "a row for each pair: left, right, n_ab; rows in the order of left, then of right; "
                "-1 behind them");
    bpe_words_free(&w);
    case_end();
}

// ---- Training ----

// Writes the words after each merge, state (merges, all symbols), and the merges.
static void
write_training(bpe_words *w, int merges, const int *pairs_after)
{
    bpe_step step[MOST], all[MOST];
    bpe_words start = bpe_words_copy(w), whole = bpe_words_copy(w);
    int n = bpe_train(&whole, merges, all), total = (int)w->used;
    int left[MOST], right[MOST], count[MOST], pops[MOST], stale[MOST];
    int *state = calloc((size_t)n * total, sizeof *state);
    for (int k = 0; k < n; k++) {
        left[k] = all[k].pair.left;
        right[k] = all[k].pair.right;
        count[k] = (int)all[k].n;
        pops[k] = (int)all[k].pops;
        stale[k] = (int)all[k].stale;
        bpe_words now = bpe_words_copy(&start);
        bpe_train(&now, k + 1, step);
        for (int i = 0; i < total; i++)
            state[k * total + i] = -1;
        for (long word = 0; word < now.n; word++)
            memcpy(state + k * total + now.at[word], now.symbol + now.at[word],
                   now.length[word] * sizeof *state);
        bpe_words_free(&now);
    }
    case_time(0, CASE_FORWARD);
    case_write_i4("step", "n_ab", "state[t-1]", SHAPE(n), count, "of the pair that is merged");
    case_write_i4("output", "left", "n_ab state[t-1]", SHAPE(n), left, "the pair's left symbol");
    case_write_i4("output", "right", "n_ab left state[t-1]", SHAPE(n), right, "its right symbol");
    case_write_i4("step", "state", "left right state[t-1]", SHAPE(n, total), state,
                  "the words after the merge, each from where it began, with -1 in the places that "
                  "it needs no more");
    if (pairs_after) {
        case_write_i4("step", "pops", "n_ab left right", SHAPE(n), pops,
                      "entries that are taken from the heap of stale counts for this merge");
        case_write_i4("step", "stale", "n_ab left right", SHAPE(n), stale,
                      "those of them that were out of date");
    }
    case_time_none();
    for (; pairs_after && *pairs_after; pairs_after++) {
        char name[32];
        snprintf(name, sizeof name, "pairs_%d", *pairs_after);
        bpe_words now = bpe_words_copy(&start);
        bpe_train(&now, *pairs_after, step);
        write_pairs(
            name, "state", &now, total,
            "left, right, n_ab of all pairs after so many merges, in order; -1 behind them");
        bpe_words_free(&now);
    }
    free(state);
    bpe_words_free(&start);
    bpe_words_free(&whole);
}

static void
train(void)
{
    static const char *const word[] = {
        " low",          " lower",  " newest", " widest", " aaaa", "ababab", " widen",
        " \xe4\xbd\xa0", " banana", "aaa",     "pqr",     "pqs",   "uqr"};
    static const int f[] = {5, 2, 6, 3, 4, 2, 3, 7, 2, 1, 8, 7, 5};
    enum { N = sizeof f / sizeof *f, MERGES = 23 };
    bpe_words w = words_of(N, word, f);
    case_begin("train",
               "Twenty-three merges, each of the pair that stands side by side most often.");
    case_convention(symbols_are);
    case_convention(ties_are);
    case_convention("a merge goes through each word from left to right: aaaaa becomes zza");
    case_convention(
        "the heap: every pair is in it once, with the count it had when it was pushed, the largest "
        "first, of "
        "equal ones by the rule for ties; an entry whose count is no longer true is pushed again "
        "with "
        "the true one, if that is above 0; pairs that a merge makes are pushed after it");
    case_convention(padded_are);
    input_words(N, word, f);
    case_scalar("merges", MERGES, "how many merges");
    write_training(&w, MERGES, (const int[]){1, 2, 7, 0});
    bpe_words_free(&w);
    case_end();
}

static void
train_ties(void)
{
    static const char *const word[] = {"zy", "ba", " x", "ab", "\xc3\xbf", "yz", "q!", "!q"};
    static const int f[] = {2, 2, 2, 2, 2, 2, 2, 2};
    enum { N = sizeof f / sizeof *f, MERGES = 5 };
    bpe_words w = words_of(N, word, f);
    case_begin("train_ties",
               "Five merges where all pairs come equally often: the rule for ties decides alone.");
    case_convention(symbols_are);
    case_convention(ties_are);
    case_convention(padded_are);
    input_words(N, word, f);
    case_scalar("merges", MERGES, "how many merges");
    write_training(&w, MERGES, NULL);
    bpe_words_free(&w);
    case_end();
}

// ---- Encoding ----

// The symbol of a string that earlier merges have made.
static int
symbol_of(const tokens *t, const char *text)
{
    int id = tokens_find(t, (const unsigned char *)text, (long)strlen(text));
    if (id < 0)
        fail("cases: no token %s", text);
    return id;
}

// Merges written as "left right", the last NULL.
static bpe_merges
merges_of(const char *const *line)
{
    bpe_merges m = {0, calloc(MOST, sizeof *m.pair)};
    for (; *line; line++) {
        char left[MOST], *space;
        strcpy(left, *line);
        space = strchr(left, '|');
        *space = 0;
        tokens t = bpe_vocabulary(&m, "cases");
        m.pair[m.n] = (bpe_pair){symbol_of(&t, left), symbol_of(&t, space + 1)};
        m.n++;
        tokens_free(&t);
    }
    return m;
}

static void
input_merges(const bpe_merges *m)
{
    case_input_i4("merges", SHAPE(m->n, 2), &m->pair[0].left,
                  "left and right symbol of each merge, in order: the k-th makes symbol 256 + k");
}

// Encodes the text step by step: rank (n - 1), state (n - 1, n), ids (n).
static void
write_encoding(const bpe_merges *m, const char *text)
{
    int n = (int)strlen(text), ids[MOST], now[MOST], rank[MOST], made = 0, state[MOST * 2];
    for (int i = 0; i < n; i++)
        ids[i] = now[i] = bpe_symbol((unsigned char)text[i]);
    pad(n - 1, 0, rank);
    int parts = bpe_encode(m, n, ids, rank);
    for (int length = n; made < n - 1 && rank[made] >= 0; made++) {
        length = bpe_merge(length, now, m->pair[rank[made]], 256 + rank[made]);
        for (int i = 0; i < n; i++)
            state[made * n + i] = i < length ? now[i] : -1;
    }
    case_convention(symbols_are);
    case_convention("the merge with the smallest number of all neighbours is made at all its "
                    "places, from left to right, "
                    "then the next");
    case_convention(padded_are);
    input_merges(m);
    input_bytes("text", text, n, "one piece, as bytes");
    pad((n - 1) * n, made * n, state);
    case_time(0, CASE_FORWARD);
    case_write_i4("step", "rank", "state[t-1] text merges", SHAPE(n - 1), rank,
                  "the number of the merge that is made");
    case_write_i4("step", "state", "rank state[t-1]", SHAPE(n - 1, n), state,
                  "the symbols after it; -1 behind them");
    case_time_none();
    case_write_i4("output", "ids", "state", SHAPE(pad(n, parts, ids)), ids,
                  "what is left when no merge fits");
}

static void
encode(void)
{
    static const char *const line[] = {"e|r",  "h|e", " |t",   "t|he", " t|he", "r|e",
                                       "he|r", "a|b", "ab|ab", "er|e", "b|a",   NULL};
    bpe_merges m = merges_of(line);
    case_begin("encode", "A piece as tokens: the earliest merge first, wherever it stands.");
    write_encoding(&m, " therehereababab");
    case_end();
    bpe_merges_free(&m);
}

static void
encode_run(void)
{
    static const char *const line[] = {"a|a", "aa|aa", "aa|a", "aaaa|aaaa", NULL};
    bpe_merges m = merges_of(line);
    case_begin("encode_run",
               "A run of 23 equal letters: merges share no letter, and go from left to right.");
    write_encoding(&m, "aaaaaaaaaaaaaaaaaaaaaaa");
    case_end();
    bpe_merges_free(&m);
}

// A vocabulary as inputs: the bytes of token 256 and up, and how many each has.
static void
input_vocabulary(const tokens *t)
{
    int length[MOST];
    for (int id = 256; id < t->n; id++)
        length[id - 256] = (int)(t->at[id + 1] - t->at[id]);
    input_bytes("token_bytes", (const char *)t->bytes + t->at[256], (int)(t->at[t->n] - t->at[256]),
                "the bytes of tokens 256 and up, one behind the other");
    case_input_i4("token_lengths", SHAPE(t->n - 256), length, "how many bytes each of them has");
}

static void
edited_list(void)
{
    static const char *const line[] = {"b|c", "a|b", "ab|c", "b|b", NULL};
    static const char text[] = "abc";
    bpe_merges m = merges_of(line);
    tokens t = bpe_vocabulary(&m, "cases");
    int child[MOST], parent[MOST], n = 3;
    for (int i = 0; i < n; i++)
        child[i] = bpe_symbol((unsigned char)text[i]);
    int children = bpe_encode(&m, n, child, NULL);
    int parents = (int)tokens_encode_piece(&t, t.n, (const unsigned char *)text, n, parent);
    case_begin(
        "edited_list",
        "A list of merges that no training can give, where the two rules of encoding differ.");
    case_convention(symbols_are);
    case_convention("by children: two neighbours are merged if they are a line of the list, the "
                    "earliest first; by "
                    "parents: if their bytes together are a token, the smallest first");
    case_convention(padded_are);
    input_merges(&m);
    input_bytes("text", text, n, "one piece, as bytes");
    case_write_i4("output", "by_children", "text merges", SHAPE(pad(n, children, child)), child,
                  "Hugging Face's and minbpe's way");
    case_write_i4("output", "by_parents", "text merges", SHAPE(pad(n, parents, parent)), parent,
                  "tiktoken's way");
    case_end();
    tokens_free(&t);
    bpe_merges_free(&m);
}

// ---- Decoding, special tokens ----

static void
decode_stream(void)
{
    static const char *const line[] = {"\xe4|\xbd", "\xf0|\x9f", "\xa0|\xe5", "a|b", NULL};
    // ab, 你好 over four tokens, an emoji, a broken character, two bytes that are none, and an unfinished one
    static const int ids[] = {259, 256, 258, 101, 121, 257, 246, 225,
                              64,  256, 259, 187, 64,  257, 246};
    enum { N = sizeof ids / sizeof *ids };
    bpe_merges m = merges_of(line);
    tokens t = bpe_vocabulary(&m, "cases");
    bpe_stream s = {0};
    char out[MOST];
    int given[N + 1], held[N + 1], total = 0, value[MOST];
    for (int i = 0; i <= N; i++) {
        bool last = i == N;
        const unsigned char *bytes = last ? NULL : t.bytes + t.at[ids[i]];
        long n = last ? 0 : t.at[ids[i] + 1] - t.at[ids[i]];
        given[i] = (int)bpe_stream_push(&s, last ? t.bytes : bytes, n, last, out + total);
        held[i] = s.n;
        total += given[i];
    }
    for (int i = 0; i < total; i++)
        value[i] = (unsigned char)out[i];
    case_begin("decode_stream",
               "Tokens that come one by one, shown as text as soon as their characters are whole.");
    case_convention(symbols_are);
    case_convention("what no bytes can complete becomes U+FFFD (ef bf bd), one for each longest "
                    "part that begins a "
                    "character, or for a byte that begins none; the last entry is the end, where "
                    "nothing is held back");
    input_vocabulary(&t);
    case_input_i4("ids", SHAPE(N), ids, "the tokens in the order in which they come");
    case_time(0, CASE_FORWARD);
    case_write_i4("step", "held", "ids", SHAPE(N + 1), held,
                  "how many bytes are held back after each token");
    case_write_i4("step", "given", "held", SHAPE(N + 1), given,
                  "how many bytes are given out after each token");
    case_time_none();
    case_write_i4("output", "out", "given", SHAPE(pad(64, total, value)), value,
                  "all bytes that are given out");
    case_end();
    tokens_free(&t);
    bpe_merges_free(&m);
}

static void
special(void)
{
    static const char *const name[] = {"<|end|>", "<|end|><|end|>", "<s>", "<|pad|>"};
    static const bool all[] = {true, true, true, true}, some[] = {false, false, true, false},
                      none[] = {false, false, false, false};
    static const char text[] = "on<s>e <|pad|>two<|end|><|end|><|end|> <|end|";
    enum { K = 4 };
    bpe_merges m = merges_of((const char *const[]){"o|n", "e|n", "en|d", " |<", NULL});
    tokens t = bpe_vocabulary(&m, "cases");
    int ids[3][MOST], n = sizeof text - 1;
    case_begin("special", "Special tokens are looked for first, and only those that are allowed.");
    case_convention(symbols_are);
    case_convention("special token i has the number V + i with V = 256 + merges; the leftmost that "
                    "is allowed is taken, of "
                    "those that begin at one place the longest; what stands between is cut into "
                    "pieces (case scanner), "
                    "and these are encoded");
    case_convention(padded_are);
    input_merges(&m);
    input_bytes("text", text, n, "the text");
    input_bytes("special_bytes", "<|end|><|end|><|end|><s><|pad|>", 31,
                "the special tokens, one behind the other");
    case_input_i4("special_lengths", SHAPE(K), (const int[]){7, 14, 3, 7},
                  "how many bytes each has");
    const bool *const allowed[] = {all, some, none};
    const char *const output[] = {"ids", "ids_s", "ids_plain"}, *const about[] = {
                                                                    "with all four allowed",
                                                                    "with <s> allowed",
                                                                    "with none allowed"};
    for (int i = 0; i < 3; i++) {
        int parts = (int)bpe_encode_special(&t, text, n, K, name, allowed[i], ids[i]);
        case_write_i4("output", output[i], "text merges", SHAPE(pad(n, parts, ids[i])), ids[i],
                      about[i]);
    }
    case_end();
    tokens_free(&t);
    bpe_merges_free(&m);
}

// ---- Files and splits ----

static void
ranks_to_merges(void)
{
    // what training makes of aaaaaaaa 3, abcabc 4, bcbcaa 2, aabcaab 3, caabca 1
    static const char *const line[] = {"a|a",     "b|c",     "aa|aa",     "a|bc",     "bc|aa",
                                       "abc|abc", "aa|bcaa", "aaaa|aaaa", "aabcaa|b", NULL};
    bpe_merges m = merges_of(line), found;
    tokens t = bpe_vocabulary(&m, "cases");
    bpe_recover(&t, &found);
    case_begin("ranks_to_merges", "The two parts of each token, from a list of tokens alone.");
    case_convention(symbols_are);
    case_convention("the parts are what the token's bytes become under the tokens before it (by "
                    "parents: the smallest "
                    "number first)");
    input_vocabulary(&t);
    case_write_i4("output", "parts", "token_bytes token_lengths", SHAPE(found.n, 2),
                  &found.pair[0].left, "the left and right part of each token");
    case_end();
    bpe_merges_free(&found);
    tokens_free(&t);
    bpe_merges_free(&m);
}

static void
fewest(void)
{
    static const char *const line[] = {"c|c", "b|b",  "cc|b",  "a|a",  "a|b",
                                       "a|c", "ac|b", "a|ccb", "d|cc", NULL};
    static const char text[] = "accbbaaaacbaabcabbcdccb";
    bpe_merges m = merges_of(line);
    tokens t = bpe_vocabulary(&m, "cases");
    int n = sizeof text - 1, best[MOST], longest[MOST], leftmost[MOST], bpe[MOST];
    const unsigned char *s = (const unsigned char *)text;
    bpe_fewest(&t, s, n, best, NULL);
    int a = bpe_longest(&t, s, n, longest), b = bpe_leftmost(&t, s, n, leftmost);
    int c = (int)tokens_encode_piece(&t, t.n, s, n, bpe);
    case_begin("fewest", "Four ways to split a piece with one vocabulary.");
    case_convention(symbols_are);
    case_convention(padded_are);
    input_vocabulary(&t);
    input_bytes("text", text, n, "one piece, as bytes");
    case_time(0, CASE_FORWARD);
    case_write_i4("step", "best", "best[:t] text", SHAPE(n + 1), best,
                  "the fewest tokens that the first j bytes can be, j = 0 .. n");
    case_time_none();
    case_write_i4("output", "bpe", "text", SHAPE(pad(n, c, bpe)), bpe,
                  "the smallest number first (by parents)");
    case_write_i4("output", "longest", "text", SHAPE(pad(n, a, longest)), longest,
                  "from the left, each time the longest token that fits");
    case_write_i4(
        "output", "leftmost", "text", SHAPE(pad(n, b, leftmost)), leftmost,
        "the leftmost two neighbours whose bytes together are a token become one, again and again");
    case_end();
    tokens_free(&t);
    bpe_merges_free(&m);
}

static void
bits_per_byte(void)
{
    static const char text[] = "na\xc3\xafve \xe4\xbd\xa0\xe5\xa5\xbd";
    double nats = 3.25, bits = bpe_bits_per_byte(nats, 7, sizeof text - 1);
    case_begin("bits_per_byte", "A loss per token as bits per byte of the text, which any two "
                                "vocabularies can be compared by.");
    case_number("nats", nats, "the mean loss of a token, in nats");
    case_scalar("parts", 7, "tokens of the text");
    input_bytes("text", text, sizeof text - 1, "the text, as bytes");
    case_write_f8("output", "bits_per_byte", "nats parts text", SCALAR, &bits, 1e-12,
                  "nats / ln 2 times tokens / bytes");
    case_end();
}

void
bpe_cases(void)
{
    scanner();
    pairs();
    train();
    train_ties();
    encode();
    encode_run();
    edited_list();
    decode_stream();
    special();
    ranks_to_merges();
    fewest();
    bits_per_byte();
}
