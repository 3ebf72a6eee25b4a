// What the chapter's experiments train: an embedding, units one above the other, logits.
#ifndef GAU_MODEL_H
#define GAU_MODEL_H

#include "gau/gau.h"

typedef struct {
    int V, layers;
    gau_unit *unit;    // (layers), each with its own config, all of one width D
    tensor *embedding; // (V, D): rows of N(0, 1), as they are
    tensor *end;       // (D): gain of the RMSNorm above the last unit
    tensor *output;    // (V, D)
} gau_model;

// New parameters; config (layers), from the lowest on.
gau_model gau_model_new(int V, int layers, const gau_config *config, rng *random);

// Symbols ids (B, T) -> (B, T, D), what the lowest unit reads.
tensor *gau_model_embed(const gau_model *m, int B, int T, const int *ids);

// Symbols ids (B, T) -> logits (B, T, V) of the symbol that follows each.
tensor *gau_model_logits(const gau_model *m, int B, int T, const int *ids);

#endif
