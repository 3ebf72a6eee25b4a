#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "gau/figures/figures.h"
#include "gau/nets.h"

void
gau_figure_kinds(void)
{
    topics_language l = topics_new(1);
    gau_net nets[GAU_NETS];
    int order[] = {9,10,13,0,1,2,5,3,4,6,8,11,12,7};
    for (int i = 0; i < GAU_NETS; i++) nets[i] = order[i];
    gau_run *runs = gau_runs_new(GAU_NETS, nets, &l);
    table *t = program_table("kinds", "net\tseed\tparameters\tlate\tl48\tl96\tl192\tl384\tb48\tb96\tb192\tb384\tn0\tn1\tn2\tn3\tp0\tp24\tp48\tp72\tp95");
    for (int i = 0; i < GAU_NETS * GAU_SEEDS; i++) {
        gau_run *r = &runs[i];
        double *p = r->place;
        table_row(t, "siiddddddddddddd" "ddddd", gau_net_name(r->net), r->seed, r->parameters, r->late, r->at_length[0], r->at_length[1], r->at_length[2], r->at_length[3],
            r->batch_length[0], r->batch_length[1], r->batch_length[2], r->batch_length[3], r->near[0], r->near[1], r->near[2], r->near[3], p[0], p[24], p[48], p[72], p[95]);
    }
    table_close(t);
    gau_runs_free(GAU_NETS, runs);
}
