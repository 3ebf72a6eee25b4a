// For the page: the trained Transformer of figure reverse, forward only, on a sequence of the reader's own, and where
// its heads look.
#include "transformer/figures/reverse.c"

#include "files/fail.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIVE_ATTENTIONS = 6,
    LIVE_HEADS = 4
}; // two of the encoder; of each layer of the decoder to itself, to the memory

static transformer model;
static const tensor
    *seen[LIVE_ATTENTIONS]; // weights (1, h, T, S) of the last pass, in the order of the layers
static int attentions;

// Attention that leaves its weights where the page finds them.
static tensor *
attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    (void)context;
    tensor *out = transformer_attention(q, k, v, mask, NULL);
    seen[attentions++ % LIVE_ATTENTIONS] = tape_saved(out, "weights");
    return out;
}

// The model with the weights that the figure has published.
static void
load(void)
{
    const char *path = "chapters/transformer/reference/reverse-weights.bf16";
    rng r = rng_at(SEED, 0);
    size_t size, at = 0;
    model = transformer_translator(TRANSFORMER_POST_NORM, &r).transformer;
    unsigned char *bytes = (unsigned char *)file_read(path, &size);
    for (int p = 0; p < param_count(); p++)
        for (long i = 0; i < param_at(p)->size; i++, at += 2) {
            if (at + 2 > size)
                fail("%s: %zu bytes are too few for the model's weights", path, size);
            param_at(p)->data[i] = float32((uint32_t)(bytes[at] | bytes[at + 1] << 8) << 16);
        }
    free(bytes);
    for (int i = 0; i < 2; i++)
        model.encoder[i].self.attention = model.decoder[i].self.attention =
            model.decoder[i].cross.attention = attend;
}

// Test sequence k of the figure: T symbols from 1 to 10.
const int *
transformer_live_test(int k)
{
    static int source[TESTS * T], read[TESTS * T], say[TESTS * T];
    rng test = rng_at(SEED, 1000);
    transformer_reverse_batch(&test, TESTS, source, read, say);
    return source + k * T;
}

// Where the page writes its symbols.
int *
transformer_live_source(void)
{
    static int source[T];
    return source;
}

// What the model makes of n symbols, each the likeliest after those before it: (T).
const int *
transformer_live_reverse(int n)
{
    static int said[T];
    int read[T] = {0};
    if (!model.embedding)
        load();
    for (int t = 0; t < n; t++) {
        tape_reset();
        attentions = 0;
        tensor *memory = transformer_encode(&model, 1, n, transformer_live_source(), NULL);
        tensor *logits = transformer_decode(&model, 1, n, read, NULL, memory, NULL, NULL);
        said[t] = transformer_sample(V, logits->data + t * V, 0, 0, NULL);
        if (t + 1 < n)
            read[t + 1] = said[t];
    }
    return said;
}

// The weights of attention k in that (heads, n, n), rows the queries.
const float *
transformer_live_weights_of(int k)
{
    return seen[k]->data;
}
