// How many tokens is a Chinese character? One sentence under vocabularies that learnt English, and such that learnt a
// text of Chinese characters: words of one to three of the 3000 first of Unicode's block, drawn with P(k) proportional
// to 1/k.
#include "bpe/figures/figures.h"
#include "bpe/study.h"
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 34, WORDS = 2000, LENGTH = 3, CHARACTERS = 3000, DRAWN = 60000, SIZES = 7 };

static const int sizes[SIZES] = {256, 320, 512, 1024, 2048, 3072, 8192};

static void
put_han(char **at, int character)
{
    *(*at)++ = (char)(0xe0 | character >> 12);
    *(*at)++ = (char)(0x80 | (character >> 6 & 0x3f));
    *(*at)++ = (char)(0x80 | (character & 0x3f));
}

// n words; after every eighth a comma, which ends a piece.
static bpe_text
chinese_text(uint32_t stream, int n)
{
    rng words = rng_at(SEED, 0), r = rng_at(SEED, stream);
    static int word[WORDS][LENGTH + 1]; // its length first
    double sum = 0;
    for (int k = 0; k < WORDS; k++) {
        word[k][0] = 1 + (int)rng_below(&words, LENGTH);
        for (int i = 1; i <= LENGTH; i++)
            word[k][i] = 0x4e00 + (int)rng_below(&words, CHARACTERS);
        sum += 1.0 / (k + 1);
    }
    bpe_text text = {0, memory_zeroed(10L * n + n, 1, "a text")};
    char *at = text.bytes;
    for (int i = 0; i < n; i++) {
        double u = rng_uniform64(&r) * sum;
        int k = 0;
        while (k < WORDS - 1 && u >= 1.0 / (k + 1))
            u -= 1.0 / ++k;
        for (int c = 1; c <= word[k][0]; c++)
            put_han(&at, word[k][c]);
        if (i % 8 == 7) {
            memcpy(at, "\xef\xbc\x8c", 3);
            at += 3;
        }
    }
    text.n = at - text.bytes;
    return text;
}

void
bpe_figure_chinese(void)
{
    bpe_text english = bpe_text_read("GPL-3");
    bpe_text learnt = chinese_text(1, program_steps(DRAWN, 2000)), tested = chinese_text(2, 2000);
    bpe_trained of_english = bpe_trained_on(&english, sizes[SIZES - 1]),
                of_chinese = bpe_trained_on(&learnt, sizes[SIZES - 1]);
    double characters = tested.n / 3.0, by_english = 0, by_chinese = 0;
    table *out = program_table("chinese", "vocabulary\tlearnt_english\tlearnt_chinese");
    for (int i = 0; i < SIZES; i++) {
        tokens a = bpe_trained_tokens(&of_english, sizes[i]),
               b = bpe_trained_tokens(&of_chinese, sizes[i]);
        by_english = bpe_text_tokens(&a, &tested) / characters;
        by_chinese = bpe_text_tokens(&b, &tested) / characters;
        table_row(out, "idd", sizes[i], by_english, by_chinese);
        tokens_free(&a);
        tokens_free(&b);
    }
    table_close(out);
    claim_near("chinese-three", "chinese: tokens a character under a vocabulary of English alone",
               3, by_english, 0, "a character has three bytes", CHECK);
    claim_below("chinese-learnt", "chinese: tokens a character where Chinese was learnt, V = 8192",
                1, unless_quick(by_chinese), "this chapter", FOUND);
    free(english.bytes);
    free(learnt.bytes);
    free(tested.bytes);
    free(of_english.step);
    free(of_chinese.step);
}
