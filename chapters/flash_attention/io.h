// How many words attention moves: three programs for one head of N queries and keys of width d, that compute in a fast
// memory of M words and load and store through counters. Everything is loaded as late and held as short as each allows.
#ifndef FLASH_ATTENTION_IO_H
#define FLASH_ATTENTION_IO_H

// A fast memory of `size` words.
typedef struct {
    float *words;
    long size, used, most; // used now, and the most so far
    long loads, stores;    // words
} flash_attention_fast;

typedef enum {
    FLASH_ATTENTION_UNFUSED,         // scores, softmax and answers, one after the other
    FLASH_ATTENTION_KEYS_OUTSIDE,    // Dao et al. 2022, algorithm 1
    FLASH_ATTENTION_QUERIES_OUTSIDE, // Dao 2023, algorithm 1
    FLASH_ATTENTION_IO_PROGRAMS
} flash_attention_io_program;

// Words moved, and the most held at a time.
typedef struct {
    long moved, held;
} flash_attention_io;

// Runs a program on q, k, v (N, d) in tiles of rows x columns: out (N, d). A fast memory that is too small is an error.
flash_attention_io flash_attention_io_run(flash_attention_io_program p, int N, int d, int rows,
                                          int columns, long M, const float *q, const float *k,
                                          const float *v, float *out);

// The same counts by running on zeros, and by a closed form.
flash_attention_io flash_attention_io_count(flash_attention_io_program p, int N, int d, int rows,
                                            int columns);
flash_attention_io flash_attention_io_form(flash_attention_io_program p, long N, long d, long rows,
                                           long columns);

// The tile that moves least of those that fit into M words, the first of equals with the fewest words held; rows 0:
// none fits.
typedef struct {
    int rows, columns;
    flash_attention_io io;
} flash_attention_io_tile;
flash_attention_io_tile flash_attention_io_best(flash_attention_io_program p, int N, int d, long M);

#endif
