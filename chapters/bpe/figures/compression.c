// How much does a larger vocabulary shorten a text? Trained on one text, tested on it and on two of the same kind.
#include "bpe/figures/figures.h"
#include "bpe/study.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdlib.h>

enum { TEXTS = 3, V = 4096 };

static const char *const name[TEXTS] = {"GPL-3", "MPL-2.0", "Apache-2.0"};

void
bpe_figure_compression(void)
{
    static const int sizes[] = {256, 288, 320, 384, 512, 768, 1024, 1536, 2048, 2560, 3157};
    bpe_text text[TEXTS];
    for (int i = 0; i < TEXTS; i++)
        text[i] = bpe_text_read(name[i]);
    bpe_trained trained = bpe_trained_on(&text[0], V);
    double bytes[TEXTS] = {0};
    table *out = program_table("compression", "vocabulary\tseen\tmpl\tapache");
    for (int k = 0; k < (int)(sizeof sizes / sizeof *sizes); k++) {
        tokens t = bpe_trained_tokens(&trained, sizes[k]);
        for (int i = 0; i < TEXTS; i++)
            bytes[i] = (double)text[i].n / bpe_text_tokens(&t, &text[i]);
        table_row(out, "iddd", sizes[k], bytes[0], bytes[1], bytes[2]);
        tokens_free(&t);
    }
    table_close(out);
    out = program_table("compression-numbers", "what\tvalue");
    table_row(out, "si", "bytes", (int)text[0].n);
    table_row(out, "si", "pieces", (int)trained.pieces);
    table_row(out, "si", "words", (int)trained.words);
    table_row(out, "si", "merges", trained.n);
    table_row(out, "si", "last_count", (int)trained.step[trained.n - 1].n);
    table_close(out);
    claim_near(
        "training-ends", "compression: bytes a token when training ends, times pieces, over bytes",
        1, bytes[0] * trained.pieces / text[0].n, 1e-12, "every piece is one token then", CHECK);
    claim_above("overfit",
                "compression: bytes a token on the text itself over those on the better of two "
                "others, at the end",
                1.2, bytes[0] / (bytes[1] > bytes[2] ? bytes[1] : bytes[2]), "this chapter", FOUND);
    for (int i = 0; i < TEXTS; i++)
        free(text[i].bytes);
    free(trained.step);
}
