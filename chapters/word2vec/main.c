// Chapter word2vec: what word vectors learn, exactly. The table of contents of its program.
#include "frame/claims.h"
#include "frame/program.h"
#include "word2vec/cases.h"
#include "word2vec/figures/figures.h"
#include "word2vec/tool.h"

#include <stddef.h>

static word2vec_options own;

static void
answer_own(void)
{
    word2vec_tool(&own);
}

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
    const program_figure tool[] = {{"text", answer_own, 60}, {0}};
    const program_option options[] = {
        {"--text", "FILE", "train on a text of your own, in UTF-8", &own.text},
        {"--vectors", "FILE", "or take vectors in word2vec's text or binary format", &own.vectors},
        {"--near", "WORD", "its nearest words", &own.near},
        {"--analogy", "WORDS", "\"man king woman\": man is to king as woman is to what?",
         &own.analogy},
        {"--cbow", "", "CBOW (else skip-gram)", &own.cbow},
        {"--tree", "", "a Huffman tree (else negative sampling)", &own.tree},
        {"--spaces", "", "words stand between blanks, as they are (else runs of letters)",
         &own.spaces},
        {"--tokens", "T", "its words are tokens, of this rank file (chapter bpe)", &own.tokens},
        {"--width", "D", "numbers of a vector (100)", &own.width},
        {"--window", "L", "words to each side at most (5)", &own.window},
        {"--negatives", "K", "noise words a pair (5)", &own.negatives},
        {"--epochs", "N", "how often the text is read (5)", &own.epochs},
        {"--least", "N", "how often a word must come (5)", &own.least},
        {"--words", "N", "different words at most (200000)", &own.words},
        {"--sample", "T", "the threshold of subsampling (0.001; 0: none)", &own.sample},
        {0}};
    program_begin("word2vec", options, argc, argv);
    word2vec_refuse_options(&own);
    if (own.text || own.vectors) {
        program_own_data("text");
        if (own.vectors)
            program_refuse("--vectors", "--quick --seed");
        program_run(NULL, tool);
    } else
        program_run(word2vec_cases, contents);
    return program_end(claims_report());
}
