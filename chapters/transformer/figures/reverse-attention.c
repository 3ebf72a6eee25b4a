// Figure reverse-attention: where does a decoder look that has learnt to reverse a sequence? The weights of its last
// cross-attention by head, output position and source position, as means over the test sequences of figure reverse,
// which trains the model and calls this.
#include "transformer/figures/figures.h"

#include "files/table.h"
#include "frame/program.h"

void
transformer_reverse_attention(const tensor *weights)
{
    int B = weights->shape.n[0], h = weights->shape.n[1], T = weights->shape.n[2];
    table *t = program_table("reverse-attention", "head\tposition\tsource\tweight");
    for (int head = 0; head < h; head++)
        for (int i = 0; i < T * T; i++) {
            double mean = 0;
            for (int b = 0; b < B; b++)
                mean += weights->data[(b * h + head) * T * T + i] / B;
            table_row(t, "iiid", head + 1, i / T + 1, i % T + 1, mean);
        }
    table_close(t);
}
