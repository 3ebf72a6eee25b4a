// Hugging Face's merges.txt: a line for each merge, its two parts, whose bytes stand as characters by GPT-2's table.
#ifndef BPE_MERGES_H
#define BPE_MERGES_H

#include "bpe/bpe.h"

// The first line may be "#version: 0.2". A part that is neither a byte nor made by an earlier line is an error.
bpe_merges bpe_merges_parse(const char *bytes, size_t size, const char *name);
void bpe_merges_write(const char *path, const bpe_merges *m);

#endif
