// Do ties matter? Four rules for pairs that come equally often.
#include "bpe/figures/figures.h"
#include "bpe/study.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdlib.h>
#include <string.h>

enum { RULES = 4, V = 512 };

static const char *const name[RULES] = {"smaller", "larger", "first", "bytes"};

// How many of the merged tokens of b are tokens of a.
static int
shared(const tokens *a, const tokens *b)
{
    int n = 0;
    for (int id = 256; id < b->n; id++)
        n += tokens_find(a, b->bytes + b->at[id], b->at[id + 1] - b->at[id]) >= 256;
    return n;
}

void
bpe_figure_ties(void)
{
    bpe_text learnt = bpe_text_read("GPL-3"), tested = bpe_text_read("MPL-2.0");
    bpe_step step[RULES][V - 256];
    tokens t[RULES];
    bpe_counter c = bpe_counter_new();
    bpe_count(&c, learnt.bytes, learnt.n, false);
    table *out =
        program_table("ties", "rule\tfirst_other_merge\tshared\ttokens_seen\ttokens_unseen");
    double most = 0, least_shared = V;
    long ours = 0;
    for (int i = 0; i < RULES; i++) {
        bpe_words w = bpe_words_copy(&c.words);
        int n = bpe_train_plainly(&w, V - 256, (bpe_ties)i, step[i]), same = 0;
        bpe_merges m = bpe_merges_new(n, step[i]);
        t[i] = bpe_vocabulary(&m, "ties");
        while (same < n && memcmp(&step[i][same].pair, &step[0][same].pair, sizeof(bpe_pair)) == 0)
            same++;
        long seen = bpe_text_tokens(&t[i], &learnt), unseen = bpe_text_tokens(&t[i], &tested);
        ours = i == 0 ? unseen : ours;
        table_row(out, "siiii", name[i], i ? same + 1 : 0, shared(&t[0], &t[i]), (int)seen,
                  (int)unseen);
        double gap = labs(unseen - ours) / (double)ours;
        most = gap > most ? gap : most;
        least_shared = shared(&t[0], &t[i]) < least_shared ? shared(&t[0], &t[i]) : least_shared;
        bpe_words_free(&w);
        bpe_merges_free(&m);
    }
    table_close(out);
    claim_below("ties-same-quality",
                "ties: by how much another rule changes the number of tokens of another text",
                0.002, most, "this chapter", FOUND);
    claim_above("ties-shared", "ties: how many of 256 merged tokens another rule shares, least",
                240, least_shared, "this chapter", FOUND);
    for (int i = 0; i < RULES; i++)
        tokens_free(&t[i]);
    bpe_counter_free(&c);
    free(learnt.bytes);
    free(tested.bytes);
}
