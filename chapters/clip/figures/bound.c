// Figure bound: the least loss that any scores can have on the shapes, by the size of the batch, and what of the mutual
// information it lets see.
#include "clip/figures/figures.h"
#include "clip/oracle.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>

void
clip_figure_bound(void)
{
    table *t = program_table("bound", "N\tlog_N\tto_caption\tto_picture\tsoftmax\tsigmoid\tbound\t"
                                      "information");
    double information = clip_shapes_information(), before = 0, rise = INFINITY, left = INFINITY;
    for (int n = 2; n <= 1024; n *= 2) {
        clip_floor f = clip_shapes_floor(n);
        double softmax = (f.to_caption + f.to_picture) / 2, bound = log64(n) - softmax;
        table_row(t, "iddddddd", n, log64(n), f.to_caption, f.to_picture, softmax, f.sigmoid, bound,
                  information);
        rise = fmin(rise, bound - before);
        left = fmin(left, fmin(information, log64(n)) - bound);
        before = bound;
    }
    table_close(t);
    claim_above("shapes-bound-rises", "shapes: the least rise of log N - L from N to 2 N", 0, rise,
                "van den Oord et al. 2018, sec. 2.3: the bound becomes tighter as N becomes larger",
                REPRODUCED);
    claim_above("shapes-bound", "shapes: the lesser of I and log N, less log N - L: least", 0, left,
                "van den Oord et al. 2018, sec. 2.3: I >= log N - L", CHECK);
}
