#include "speculative/generation.h"

#include "files/fail.h"
#include "files/memory.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

tensor *
speculative_hidden(tensor *logits)
{
    return logits->in[0]; // transformer_decode ends with h embedding^T
}

void
speculative_probabilities(int n, int V, const float *logits, double temperature, double *p)
{
    for (int i = 0; i < n; i++, logits += V, p += V) {
        double top = max32(V, logits), sum = 0;
        for (int x = 0; x < V; x++)
            sum += p[x] = exp64((logits[x] - top) / temperature);
        for (int x = 0; x < V; x++)
            p[x] /= sum;
    }
}

// A text as it grows. text[n - 1], the root of the next pass, is not in the caches yet; q (k, V) is what the heads say
// of the k symbols behind it, from the state of the one before it: have_q is false at the beginning.
typedef struct {
    const speculative_writer *w;
    transformer_cache *caches;
    int room, k, n, *text;
    double *nats; // of each symbol of the text
    bool have_q;
    double *q;
    speculative_tree one, draft; // the root alone, and with the draft
} writing;

static void
cut_to(const writing *s, int length, int n, const int *rows)
{
    for (int l = 0; l < s->w->model->c.decoders; l++)
        speculative_cache_keep(&s->caches[l], length, n, rows);
}

// Where a pass of k guesses would have no room left the caches are filled anew, from the last half of what they held.
static void
make_room(const writing *s)
{
    int length = s->caches[0].length;
    if (length + 1 + s->k <= s->room)
        return;
    int from = s->n - 1 - length / 2;
    for (int i = from; i < s->n - 1; i++)
        if (s->text[i] == s->w->separator) {
            from = i;
            break;
        }
    cut_to(s, 0, 0, NULL);
    if (from < s->n - 1)
        transformer_decode(s->w->model, 1, s->n - 1 - from, s->text + from, NULL, NULL, NULL,
                           s->caches);
    tape_reset();
}

// What the heads say behind the last accepted node.
static void
ask_heads(writing *s, const tensor *logits, int node)
{
    int V = s->w->model->c.V, D = s->w->model->c.D;
    tensor *all = logits->in[0];
    tensor *h = constant("h", SHAPE(1, D), all->data + (long)node * D);
    for (int j = 0; j < s->w->k; j++) {
        tensor *row = speculative_head(h, s->w->heads->w[j], s->w->heads->u[j]);
        speculative_probabilities(1, V, row->data, s->w->temperature, s->q + j * V);
    }
    s->have_q = s->w->k > 0;
}

static void
append(writing *s, int symbol, const double *p)
{
    s->text[s->n] = symbol;
    s->nats[s->n++] = -log64(p[symbol]);
}

// One pass: appends what it gives to the text.
static void
one_pass(writing *s, rng *r)
{
    const speculative_writer *w = s->w;
    const speculative_tree *t = s->have_q ? &s->draft : &s->one;
    int V = w->model->c.V, n = t->n, k = n - 1, symbols[n], path[n], rows[n], symbol, end;
    int guesses[n], emitted[n];
    double p[n * V], u[n], rest[V];
    make_room(s);
    int length = s->caches[0].length;
    for (int j = 0; j < k; j++) {
        guesses[j] = 0;
        for (int x = 1; x < V; x++)
            guesses[j] = s->q[j * V + x] > s->q[j * V + guesses[j]] ? x : guesses[j];
        if (w->rule == SPECULATIVE_SAMPLED)
            guesses[j] = speculative_draw(V, s->q + j * V, rng_uniform64(r));
    }
    speculative_tree_symbols(t, s->text[s->n - 1], k, 1, guesses, symbols);
    tensor *logits = speculative_tree_decode(w->model, t, symbols, s->caches);
    speculative_probabilities(n, V, logits->data, w->temperature, p);
    for (int i = 0; i < n; i++)
        u[i] = rng_uniform64(r);
    if (w->rule == SPECULATIVE_SAMPLED && s->have_q) {
        end = speculative_round(V, k, p, s->q, guesses, u, emitted, rest);
        symbol = emitted[end];
    } else if (w->rule == SPECULATIVE_TYPICAL) {
        end = speculative_tree_typical(t, V, p, symbols, w->eps, w->delta);
        symbol = speculative_draw(V, p + end * V, u[0]);
    } else
        end = speculative_tree_sample(t, V, p, symbols, u, &symbol);
    int accepted = speculative_tree_path(t, end, path);
    rows[0] = 0;
    for (int d = 0, at = 0; d < accepted; at = path[d++]) {
        rows[d + 1] = path[d];
        append(s, symbols[path[d]], p + at * V);
    }
    append(s, symbol, p + end * V);
    cut_to(s, length, 1 + accepted, rows);
    ask_heads(s, logits, end);
    tape_reset();
}

int
speculative_write(const speculative_writer *w, int first, int room, int n, rng *r, int *out,
                  double *nats)
{
    int k = w->rule == SPECULATIVE_PLAIN ? 0 : w->k, passes = 0, *path, none = -1;
    if (w->temperature <= 0)
        fail("speculative_write: temperature %g, expected more than 0", w->temperature);
    speculative_writer own = *w;
    own.k = k;
    writing s = {.w = &own, .room = room, .k = w->k, .n = 1};
    s.caches = transformer_caches(w->model, 1, room);
    s.text = memory_zeroed(1 + n + k, sizeof *s.text, "a text");
    s.nats = memory_zeroed(1 + n + k, sizeof *s.nats, "a text");
    s.q = memory_zeroed((long)(k + 1) * w->model->c.V, sizeof *s.q, "a draft");
    path = memory_zeroed(k + 1, sizeof *path, "a path");
    s.one = speculative_tree_new(0, 1, &none);
    s.draft = speculative_tree_new(k > 0, k > 0 ? k : 1, path);
    s.text[0] = first;
    for (; s.n < 1 + n; passes++)
        one_pass(&s, r);
    memcpy(out, s.text + 1, n * sizeof *out);
    if (nats)
        memcpy(nats, s.nats + 1, n * sizeof *nats);
    speculative_tree_free(&s.one);
    speculative_tree_free(&s.draft);
    free(s.text);
    free(s.nats);
    free(s.q);
    free(path);
    return passes;
}
