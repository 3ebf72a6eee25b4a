// The reader's own numbers: build/flash_attention/flash_attention --io N,D,M and --qkv FOLDER.
#ifndef FLASH_ATTENTION_OWN_H
#define FLASH_ATTENTION_OWN_H

#include "files/npy.h"
#include "nets/tensor.h"

// Three numbers with commas between: N queries and keys, of width D, a fast memory of M words. Anything else is an
// error.
typedef struct {
    int N, d;
    long M;
} flash_attention_own_sizes;
flash_attention_own_sizes flash_attention_own_parse(const char *text);

// Prints the words that three programs move, with their best tiles.
void flash_attention_own_io(const char *text);

// q (T, d), (h, T, d) or (B, h, T, d), k and v the same with S in place of T, as tensors (B, T, h, d), (B, S, h, d).
// `folder` stands in messages. Shapes that do not fit, and numbers that are not finite in float32, are an error.
typedef struct {
    tensor *q, *k, *v;
    int rank; // of the arrays
} flash_attention_own_tensors;
flash_attention_own_tensors flash_attention_own_take(const npy arrays[3], const char *folder);

// Reads q.npy, k.npy, v.npy of the folder, writes out.npy and L.npy, and prints their error against double.
void flash_attention_own_qkv(const char *folder, bool causal);

#endif
