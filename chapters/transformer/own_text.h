// The chapter's language model on a text of the reader's own: it learns, keeps its weights, and writes.
#ifndef TRANSFORMER_OWN_TEXT_H
#define TRANSFORMER_OWN_TEXT_H

#include "transformer/transformer.h"

// What the reader asks for, as options have it; NULL: not given.
typedef struct {
    const char *text;        // the file to learn from; NULL: only write
    const char *tokens;      // a rank file: it reads tokens, not bytes
    const char *save, *load; // files to keep the weights in, and to begin with
    const char *steps, *width, *rate, *temperature;
    const char *context;                 // positions of a window
    const char *checkpoint;              // given: each layer is computed again in the backward
    transformer_attention_fn *attention; // what the model calls; NULL: transformer_attention
} transformer_own_text_options;

// Learns from the text, if there is one, and lets the model write. An option that would have no effect is refused.
void transformer_own_text(const transformer_own_text_options *asked);

#endif
