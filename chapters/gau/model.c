#include "gau/model.h"

#include "nets/ops.h"
#include "numbers/numeric.h"

gau_model
gau_model_new(int V, int layers, const gau_config *config, rng *random)
{
    int D = config[0].D;
    gau_model m = {V, layers, permanent_alloc(layers * sizeof(gau_unit)), NULL, NULL, NULL};
    m.embedding = param("embedding", SHAPE(V, D));
    rng_fill_normal(random, m.embedding->size, m.embedding->data, 0, 1);
    for (int l = 0; l < layers; l++)
        m.unit[l] = gau_unit_new(&config[l], random);
    m.end = param("end", SHAPE(D));
    for (int i = 0; i < D; i++)
        m.end->data[i] = 1;
    m.output = param("output", SHAPE(V, D));
    float most = sqrt32(6.0f / (V + D));
    rng_fill_uniform(random, m.output->size, m.output->data, -most, most);
    return m;
}

tensor *
gau_model_embed(const gau_model *m, int B, int T, const int *ids)
{
    return t_embedding(m->embedding, SHAPE(B, T), ids);
}

tensor *
gau_model_logits(const gau_model *m, int B, int T, const int *ids)
{
    tensor *x = gau_model_embed(m, B, T, ids);
    for (int l = 0; l < m->layers; l++)
        x = gau_forward(&m->unit[l], x);
    return t_matmul_nt(t_rms_norm(x, m->end, m->unit[0].c.eps), m->output);
}
