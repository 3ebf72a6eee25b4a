// Chapter rnn: recurrent networks, and what it costs to remember. The table of contents of its program.
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "rnn/cases.h"
#include "rnn/figures/figures.h"
#include "rnn/own_text.h"

#include <stddef.h>

static const char *own_text, *own_tokens;

static void
train_on_own_text(void)
{
    rnn_own_text(own_text, own_tokens);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--text", "FILE", "train the character model on a text of your own", &own_text},
        {"--tokens", "FILE", "with --text: in the tokens of this rank file (chapter bpe)",
         &own_tokens},
        {0}};
    const program_figure contents[] = {{"worked-example", rnn_figure_worked_example, 0.01},
                                       {"gradient-norms", rnn_figure_gradient_norms, 1},
                                       {"error-wall", rnn_figure_error_wall, 0.5},
                                       {"adding-problem", rnn_figure_adding_problem, 18},
                                       {"copy-memory", rnn_figure_copy_memory, 9},
                                       {"character-model", rnn_figure_character_model, 6},
                                       {0}};
    const program_figure own[] = {{"text", train_on_own_text, 20}, {0}};
    program_begin("rnn", options, argc, argv);
    if (own_tokens && !own_text)
        fail("--tokens is for --text");
    if (own_text) {
        program_own_data("text");
        program_run(NULL, own);
    } else
        program_run(rnn_cases, contents);
    return program_end(claims_report());
}
