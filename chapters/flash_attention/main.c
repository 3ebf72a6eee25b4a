// Chapter flash_attention: options, the figures in their order, the reference cases.
#include "files/fail.h"
#include "flash_attention/cases.h"
#include "flash_attention/figures/figures.h"
#include "flash_attention/flash_attention.h"
#include "flash_attention/own.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "transformer/own_text.h"

#include <stddef.h>

static const char *io, *qkv, *causal;
static transformer_own_text_options text = {.attention = flash_attention_for_transformer};

static void
own_data(void)
{
    if (io)
        flash_attention_own_io(io);
    if (qkv)
        flash_attention_own_qkv(qkv, causal != NULL);
    if (text.text)
        transformer_own_text(&text);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--io", "N,D,M", "count the words that N queries and keys of width D move with M words",
         &io},
        {"--qkv", "FOLDER", "attend with its q.npy, k.npy, v.npy: out.npy, L.npy and their error",
         &qkv},
        {"--causal", "", "of --qkv: the queries are the last positions", &causal},
        {"--text", "FILE", "train chapter 2's language model on a text, with this attention",
         &text.text},
        {"--steps", "N", "of --text: for so many steps (2000)", &text.steps},
        {0}};
    const program_figure contents[] = {
        {"worked-example", flash_attention_figure_worked_example, 0.01},
        {"io", flash_attention_figure_io, 0.3},
        {"records", flash_attention_figure_records, 0.1},
        {"same-bits", flash_attention_figure_same_bits, 2},
        {"error", flash_attention_figure_error, 0.5},
        {"one-number", flash_attention_figure_one_number, 0.1},
        {"memory", flash_attention_figure_memory, 1},
        {"reverse", flash_attention_figure_reverse, 12}, // and reverse-apart
        {0}};
    const program_figure own_contents[] = {{"own", own_data, 20}, {0}};
    program_begin("flash_attention", options, argc, argv);
    if (causal && !qkv)
        fail("--causal: it is of --qkv FOLDER, which is not given");
    if (text.steps && !text.text)
        fail("--steps: it is of --text FILE, which is not given");
    if (io || qkv || text.text) {
        program_own_data("own");
        if (!text.text)
            program_refuse("what is computed on your own data without --text", "--quick --seed");
        program_run(NULL, own_contents);
    } else
        program_run(flash_attention_cases, contents);
    return program_end(claims_report());
}
