#include "word2vec/worlds.h"

#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "word2vec/objective.h"

void
word2vec_begin(int n, double std, rng *r, double *x)
{
    for (int i = 0; i < n; i++)
        x[i] = std * rng_normal(r);
}

void
word2vec_zipf_world(int V, int width, double std, rng *r, double *joint)
{
    double u[V * width], v[V * width], sum = 0;
    word2vec_begin(V * width, std, r, u);
    word2vec_begin(V * width, std, r, v);
    for (int w = 0; w < V; w++)
        for (int c = 0; c < V; c++) {
            double p = exp64(linalg_dot(width, u + w * width, v + c * width));
            joint[w * V + c] = p / ((w + 1) * (c + 1.0));
            sum += joint[w * V + c];
        }
    for (int i = 0; i < V * V; i++)
        joint[i] /= sum;
}

void
word2vec_symmetric(int V, double *joint)
{
    for (int w = 0; w < V; w++)
        for (int c = 0; c < w; c++)
            joint[w * V + c] = joint[c * V + w] = (joint[w * V + c] + joint[c * V + w]) / 2;
}

void
word2vec_pmi(int V, const double *joint, double *pmi)
{
    double word[V], context[V];
    word2vec_marginals(V, V, joint, word, context);
    for (int w = 0; w < V; w++)
        for (int c = 0; c < V; c++)
            pmi[w * V + c] = log64(joint[w * V + c] / (word[w] * context[c]));
}

void
word2vec_shifted_pmi(int V, const double *joint, double k, double *x)
{
    word2vec_pmi(V, joint, x);
    for (int i = 0; i < V * V; i++)
        x[i] -= log64(k);
}
