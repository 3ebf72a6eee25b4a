// Figure filters: what does the patch embedding look for? The rows of E of one trained ViT, as pictures.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/program.h"

void
vit_filters(const float *w_patch, int D, int P)
{
    table *t = program_table("filters", "filter\trow\tcolumn\tweight");
    for (int i = 0; i < D * P * P; i++)
        table_row(t, "iiif", i / (P * P), i / P % P, i % P, w_patch[i]);
    table_close(t);
}
