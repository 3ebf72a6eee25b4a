// Figure price: symbols a pass against how far the text is from the language's, for drafts of 1 to 6 symbols by heads
// that know all there is to know: sampled or their best guess with exact rules, and typical acceptance. All exact;
// what was generated symbol by symbol stands beside it.
#include "speculative/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "speculative/language.h"
#include "speculative/speculative.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANGUAGE_SEED = 1, SEED = 131, V = ZIPF_SYMBOLS, K = 6, PASSES = 25000, BATCH = 100 };
static const double eps = 0.09, delta = 0.3;

// What k drafted symbols give: symbols a pass, the words' distance, the commonest word.
typedef struct {
    double tokens, apart, most;
} result;

static speculative_tree
chain(int k)
{
    const int path[K] = {0};
    return speculative_tree_new(1, k, path);
}

static result
best_guess(const speculative_zipf *z, const double *heads, int k, double strict, double *used)
{
    double *begins = memory_zeroed((long)z->l.S * V, sizeof *begins, "edges");
    speculative_tree t = chain(k);
    result r;
    r.tokens = speculative_tree_tokens(&z->l, heads, k, &t, eps, strict, begins, used);
    r.apart = speculative_words_apart(z, used, &r.most);
    speculative_tree_free(&t);
    free(begins);
    return r;
}

// One pass from the state *s and the sure symbol *sure, which become those of the next; how many it gives.
static int
one_pass(const speculative_zipf *z, const double *heads, int k, bool typical, rng *r, int *s,
         int *sure)
{
    const speculative_language *l = &z->l;
    int place = l->next[(long)*s * V + *sure], at = place, guess[K + 1], emitted[K + 1];
    double p[(K + 1) * V] = {0}, q[K * V], u[K + 1], rest[V];
    speculative_ranked(l, heads, k, *s, 1, guess + 1);
    guess[0] = *sure;
    for (int j = 0; j <= k; j++) {
        for (int x = 0; x < V; x++) {
            p[j * V + x] = at < 0 ? 0 : l->p[(long)at * V + x];
            if (j < k)
                q[j * V + x] = heads[((long)j * l->S + *s) * V + x];
        }
        u[j] = rng_uniform64(r);
        if (j < k && !typical)
            guess[j + 1] = speculative_draw(V, q + j * V, rng_uniform64(r));
        if (j < k && at >= 0)
            at = l->next[(long)at * V + guess[j + 1]];
    }
    int accepted;
    if (typical) {
        speculative_tree t = chain(k);
        accepted = speculative_tree_typical(&t, V, p, guess, eps, delta);
        emitted[accepted] = speculative_draw(V, p + accepted * V, u[k]);
        speculative_tree_free(&t);
    } else
        accepted = speculative_round(V, k, p, q, guess + 1, u, emitted, rest);
    *s = place;
    for (int j = 0; j < accepted; j++)
        *s = l->next[(long)*s * V + guess[j + 1]];
    *sure = emitted[accepted];
    return accepted + 1;
}

// |z| of the mean of PASSES passes one after the other; of batches, since a pass begins where the one before has ended.
static double
simulated(const speculative_zipf *z, const double *heads, int k, bool typical, double expected)
{
    double batch[PASSES / BATCH] = {0};
    rng r = rng_at(SEED, 2 * k + typical);
    int s = 0, sure = speculative_draw(V, z->l.p, rng_uniform64(&r));
    for (int pass = 0; pass < PASSES; pass++)
        batch[pass / BATCH] += (double)one_pass(z, heads, k, typical, &r, &s, &sure) / BATCH;
    stats_estimate e = stats_mean(PASSES / BATCH, batch);
    return fabs(e.mean - expected) / e.error;
}

static void
claims(const result sampled[], const result typical[], double exact, double worst, int letters)
{
    double apart = 1, gain = INFINITY, one = 0;
    for (int k = 1; k <= K; k++) {
        apart = fmin(apart, typical[k].apart);
        gain = fmin(gain, typical[k].tokens / sampled[k].tokens);
        one = k + 1 == letters ? typical[k].most : one;
    }
    claim_below("price-exact",
                "price: best guesses by the exact rule: total variation of the words' frequencies",
                1e-12, exact, "algebra: no exact rule changes the text", CHECK);
    claim_below(
        "price-simulated",
        "price: 25 000 passes, one after the other, against the exact mean, the worst |z| of 12",
        stats_worst_bound(12), worst, "the exact table", CHECK);
    claim_above(
        "price-paid",
        "price: typical acceptance: total variation of the words' frequencies, the least of 6",
        0.25, apart, "this chapter", FOUND);
    claim_changed("price-paid", "> 0.2 before a run was seen");
    claim_above(
        "price-one-word",
        "price: typical acceptance, k + 1 = the commonest word's symbols: how often it comes", 0.99,
        one, "theory: the free draw always falls on the same letter", FOUND);
    claim_above(
        "price-gained",
        "price: typical acceptance's symbols a pass over the sampled heads', the least of 6", 1,
        gain, "this chapter", FOUND);
}

void
speculative_figure_price(void)
{
    speculative_zipf *z = speculative_zipf_new(LANGUAGE_SEED);
    long size = (long)z->l.S * V;
    double *heads = speculative_perfect_heads(&z->l, K), worst = 0, exact = 0;
    double *used = memory_zeroed(size, sizeof *used, "edges");
    result sampled[K + 1] = {0}, best[K + 1] = {0}, typical[K + 1] = {0};
    table *t = program_table("price", "k\tsampled\tbest_guess\ttypical\tapart\tcommonest"
                                      "\tpercent_more");
    for (int k = 1; k <= K; k++) {
        sampled[k].tokens = speculative_heads_tokens(&z->l, heads, k, used);
        best[k] = best_guess(z, heads, k, 0, used);
        typical[k] = best_guess(z, heads, k, delta, used);
        exact = fmax(exact, best[k].apart);
        worst = fmax(worst, simulated(z, heads, k, false, sampled[k].tokens));
        worst = fmax(worst, simulated(z, heads, k, true, typical[k].tokens));
        table_row(t, "idddddd", k, sampled[k].tokens, best[k].tokens, typical[k].tokens,
                  typical[k].apart, typical[k].most,
                  100 * (typical[k].tokens / sampled[k].tokens - 1));
    }
    table_close(t);
    claims(sampled, typical, exact, worst, (int)strlen(z->z.word[0]));
    free(heads);
    free(used);
    speculative_zipf_free(z);
}
