// Chapter bpe: the tool's options, the figures in their order, the reference cases.
#include "bpe/cases.h"
#include "bpe/figures/figures.h"
#include "bpe/tool.h"
#include "frame/claims.h"
#include "frame/program.h"

int
main(int argc, char **argv)
{
    bpe_tool_options asked = {0};
    const program_option options[] = {
        {"--train", "FILE", "learn a vocabulary from any bytes (-: stdin)", &asked.train},
        {"--vocabulary", "N", "of so many tokens, the 256 bytes among them (4096)",
         &asked.vocabulary},
        {"--save", "FILE",
         "where it goes: tiktoken's rank file; Hugging Face's merges if it ends "
         "in .txt",
         &asked.save},
        {"--tokens", "FILE", "a vocabulary in one of these two forms", &asked.tokens},
        {"--encode", "FILE", "the ids of a text, a line each, to stdout", &asked.encode},
        {"--decode", "FILE", "the bytes of ids, to stdout", &asked.decode},
        {"--show", "FILE", "the text with its tokens marked", &asked.show},
        {"--special", "TEXT", "with --encode or --decode: this text is one token more",
         &asked.special},
        {0}};
    const program_figure contents[] = {{"worked-example", bpe_figure_worked_example, 0.01},
                                       {"cost", bpe_figure_cost, 3},
                                       {"compression", bpe_figure_compression, 0.1},
                                       {"two-rules", bpe_figure_two_rules, 2},
                                       {"fewest", bpe_figure_fewest, 2},
                                       {"morphemes", bpe_figure_morphemes, 1},
                                       {"bits-per-byte", bpe_figure_bits_per_byte, 15},
                                       {"ties", bpe_figure_ties, 0.5},
                                       {"chinese", bpe_figure_chinese, 1},
                                       {0}};
    program_begin("bpe", options, argc, argv);
    if (bpe_tool_asked(&asked)) {
        program_refuse("bpe on your own data",
                       "--out --only --quick --cases --seed --threads --stats");
        bpe_tool(&asked);
        return program_end(false);
    }
    program_run(bpe_cases, contents);
    return program_end(claims_report());
}
