// Chapter transformer: options, the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "transformer/cases.h"
#include "transformer/figures/figures.h"
#include "transformer/own_text.h"

static transformer_own_text_options asked;

static void
own_text(void)
{
    transformer_own_text(&asked);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--text", "FILE", "train a language model on a text of your own", &asked.text},
        {"--tokens", "FILE", "in the tokens of this rank file (chapter bpe)", &asked.tokens},
        {"--steps", "N", "for so many steps (2000)", &asked.steps},
        {"--width", "D", "of this width, a multiple of 4 (64)", &asked.width},
        {"--rate", "R", "with this largest learning rate (0.003)", &asked.rate},
        {"--context", "N", "on windows of so many symbols (64)", &asked.context},
        {"--checkpoint", "", "compute each layer again in the backward: less memory, the same bits",
         &asked.checkpoint},
        {"--save", "FILE", "keep its weights", &asked.save},
        {"--load", "FILE", "begin with weights that were kept; without --text: sample from them",
         &asked.load},
        {"--temperature", "X", "of the sample (0.5)", &asked.temperature},
        {0}};
    const program_figure contents[] = {
        {"worked-example", transformer_figure_worked_example, 0.01},
        {"scaling", transformer_figure_scaling, 1},
        {"warm-up", transformer_figure_warm_up, 0.5},
        {"reverse", transformer_figure_reverse, 8}, // and reverse-attention
        {"addition", transformer_figure_addition, 14},
        {"language", transformer_figure_language, 8},
        {"cost", transformer_figure_cost, 1},
        {0}};
    const program_figure own_contents[] = {{"text", own_text, 20}, {0}};
    program_begin("transformer", options, argc, argv);
    if (asked.text || asked.tokens || asked.load || asked.save || asked.steps || asked.width ||
        asked.rate || asked.temperature || asked.context || asked.checkpoint) {
        program_own_data("text");
        if (!asked.text)
            program_refuse("a model without --text", "--quick");
        program_run(NULL, own_contents);
    } else
        program_run(transformer_cases, contents);
    return program_end(claims_report());
}
