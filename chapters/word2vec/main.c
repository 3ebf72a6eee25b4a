// Chapter word2vec: what word vectors learn, exactly. The table of contents of its program.
#include "frame/claims.h"
#include "frame/program.h"
#include "word2vec/cases.h"
#include "word2vec/figures/figures.h"

#include <stddef.h>

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", word2vec_figure_worked_example, 0.01},
                                       {"optimum", word2vec_figure_optimum, 8},
                                       {"rank", word2vec_figure_rank, 4},
                                       {"gauge", word2vec_figure_gauge, 4},
                                       {"hierarchical", word2vec_figure_hierarchical, 4},
                                       {"cbow", word2vec_figure_cbow, 4},
                                       {"window", word2vec_figure_window, 0.1},
                                       {"subsampling", word2vec_figure_subsampling, 0.1},
                                       {"analogies", word2vec_figure_analogies, 4},
                                       {0}};
    program_begin("word2vec", (program_option[]){{0}}, argc, argv);
    program_run(word2vec_cases, contents);
    return program_end(claims_report());
}
