// For the page: a world of figure analogies with an offset, a part that is shared and a question of the reader's own;
// by the true vectors, or by those that are learnt there.
#include "word2vec/figures/analogies.c"

enum { LIVE_SHOWN = 8 }; // nearest words

static struct {
    double joint[V * V], u[V * WIDTH], w[V * D], c[V * D];
    rng r;
    word2vec_table table;
    float y[V * D]; // of length 1, what is asked
    int d;
} world;

// A world; what is learnt begins anew.
void
word2vec_live_world(double size, double rho, int seed)
{
    double contexts[V];
    rng r = rng_at(SEED, seed);
    place_words(size, rho, &r, world.u);
    fill_joint(world.u, &r, world.joint);
    word2vec_marginals(V, V, world.joint, NULL, contexts);
    if (!world.table.yes)
        world.table = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, world.joint, K, contexts, false, &world.table);
    word2vec_begin(V * D, 0.1, &r, world.w);
    word2vec_begin(V * D, 0.1, &r, world.c);
}

// Some rounds towards the exact minimum; returns the loss.
double
word2vec_live_learn(int rounds)
{
    return word2vec_minimise(&world.table, D, world.w, world.c, 1e-10, rounds);
}

// Whom the questions ask: the true vectors, or those that are learnt so far.
void
word2vec_live_ask(int learnt)
{
    float x[V * D];
    world.d = learnt ? D : WIDTH;
    for (int i = 0; i < V * world.d; i++)
        x[i] = (float)(learnt ? world.w[i] : world.u[i]);
    word2vec_unit(V, world.d, x, world.y);
}

// All 870 questions: the parts of right answers by each rule, and of the open one's that are b.
const double *
word2vec_live_scores(int learnt)
{
    static score all;
    all = ask_all(learnt ? D : WIDTH, learnt ? world.w : world.u);
    return all.right;
}

// One question: the answers by the rules; the target's nearest words, none left out, with their cosines; and all words
// in the plane through a, a* and b: x along a* - a from a, y across towards b, the last one the target.
const double *
word2vec_live_question(int i, int j)
{
    static struct {
        double answer[WORD2VEC_RULES], nearest[LIVE_SHOWN][2], place[V + 1][2];
    } said;
    int a = 2 * i, a_star = 2 * i + 1, b = 2 * j, d = world.d, taken[LIVE_SHOWN];
    float target[D], across[D], along[D];
    for (word2vec_analogy_rule rule = 0; rule < WORD2VEC_RULES; rule++)
        said.answer[rule] = word2vec_analogy(V, d, world.y, a, a_star, b, rule, target);
    word2vec_analogy(V, d, world.y, a, a_star, b, WORD2VEC_OPEN, target);
    float length = sqrt32(dot32(d, target, target));
    for (int n = 0; n < LIVE_SHOWN; n++) {
        taken[n] = word2vec_nearest(V, d, world.y, target, n, taken);
        said.nearest[n][0] = taken[n];
        said.nearest[n][1] = dot32(d, world.y + taken[n] * d, target) / length;
    }
    const float *from = world.y + a * d;
    for (int e = 0; e < d; e++) {
        along[e] = world.y[a_star * d + e] - from[e];
        across[e] = world.y[b * d + e] - from[e];
    }
    float size = sqrt32(dot32(d, along, along));
    for (int e = 0; e < d; e++)
        along[e] /= size;
    float part = dot32(d, along, across);
    for (int e = 0; e < d; e++)
        across[e] -= part * along[e];
    size = sqrt32(dot32(d, across, across));
    for (int e = 0; e < d; e++)
        across[e] /= size;
    for (int w = 0; w <= V; w++) {
        const float *at = w < V ? world.y + w * d : target;
        said.place[w][0] = dot32(d, at, along) - dot32(d, from, along);
        said.place[w][1] = dot32(d, at, across) - dot32(d, from, across);
    }
    return said.answer;
}
