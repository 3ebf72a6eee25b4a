#include "clip/caption.h"

#include "files/fail.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256, SHOWN = 10, VOCABULARY = 512 };

// "small large, red green ...": the words of each slot.
static void
write_vocabulary(char text[VOCABULARY])
{
    static const int values[] = {SHAPES_SIZES, SHAPES_COLOURS, SHAPES_FORMS, SHAPES_PLACES};
    int used = 0;
    for (int slot = 0; slot < SHAPES_SLOTS; slot++)
        for (int value = 0; value < values[slot]; value++) {
            const char *between = value > 0 ? " " : slot > 0 ? ", " : "";
            used += snprintf(text + used, VOCABULARY - used, "%s%s", between,
                             shapes_spelling(shapes_word(slot, value)));
        }
}

void
clip_caption_take(const char *text, int word[SHAPES_SLOTS])
{
    char words[VOCABULARY];
    write_vocabulary(words);
    if (!shapes_read(text, word))
        fail("--caption: \"%s\" is no caption; expected one word or more, in this order, at most "
             "one of each kind: %s",
             text, words);
}

// A test picture.
typedef struct {
    int number;
    float cosine;
} found;

static int
better_first(const void *a, const void *b)
{
    const found *p = a, *q = b;
    if (p->cosine != q->cosine)
        return p->cosine > q->cosine ? -1 : 1;
    return p->number - q->number;
}

// All test pictures, the nearest to the caption first.
static void
rank(const clip *m, const clip_test *test, const int *word, found *all)
{
    const tensor *v = clip_captions(m, 1, word);
    for (int i = 0; i < CLIP_TESTED; i += CLIP_POOL) {
        tape_mark *mark = tape_mark_here();
        tensor *x = constant("pictures", SHAPE(CLIP_POOL, 3, SHAPES_SIDE, SHAPES_SIDE),
                             test->pictures + (long)i * SHAPES_PIXELS);
        const tensor *u = clip_pictures(m, x);
        for (int k = 0; k < CLIP_POOL; k++)
            all[i + k] = (found){i + k, dot32(m->c.d, u->data + (long)k * m->c.d, v->data)};
        tape_rewind(mark);
    }
    qsort(all, CLIP_TESTED, sizeof *all, better_first);
}

static void
tell(const clip_test *test, const int *word, const found *all)
{
    table *t = program_table("caption", "rank\tpicture\tcosine\tshows\tfits");
    char text[SHAPES_TEXT];
    int fitting = 0, first = 0;
    for (int i = 0; i < CLIP_TESTED; i++)
        fitting += shapes_fits(word, test->scenes[i]);
    shapes_write(word, text);
    printf("\n\"%s\" is true of %d of the %d test pictures; the %d nearest:\n", text, fitting,
           CLIP_TESTED, SHOWN);
    for (int i = 0; i < CLIP_TESTED; i++) {
        shapes_scene s = test->scenes[all[i].number];
        const int shows[SHAPES_SLOTS] = {shapes_word(0, s.size), shapes_word(1, s.colour),
                                         shapes_word(2, s.form), shapes_word(3, s.place)};
        bool fits = shapes_fits(word, s);
        first += fits && i < fitting;
        shapes_write(shows, text);
        if (i < SHOWN)
            printf("%4d  %7.4f  %s%s\n", i + 1, all[i].cosine, text, fits ? "" : "  (not true)");
        table_row(t, "iidsi", i + 1, all[i].number, (double)all[i].cosine, text, fits);
    }
    table_close(t);
    printf("of the %d nearest, it is true of %d\n", fitting, first);
}

void
clip_caption(const char *text)
{
    int word[SHAPES_SLOTS];
    clip_caption_take(text, word);
    clip_test test = clip_test_new();
    clip_run run = clip_usual_run(BATCH, false, 0, 1);
    run.t.loss = memory_zeroed(run.t.steps, sizeof *run.t.loss, "losses");
    clip m = clip_train(&run, &test);
    found *all = memory_zeroed(CLIP_TESTED, sizeof *all, "pictures");
    rank(&m, &test, word, all);
    tell(&test, word, all);
    free(all);
    free(run.t.loss);
    clip_test_free(&test);
    tensors_free();
}
