#include "vit/own.h"

#include "data/idx.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEED = 60, P = 4 };

// What the two arrays must be to each other.
static void
check(const idx *pictures, const char *pictures_name, const idx *labels, const char *labels_name)
{
    if (pictures->rank != 3)
        fail("%s: has %d axes; expected 3, (pictures, rows, columns), so that it begins with 2051",
             escape(pictures_name), pictures->rank);
    if (labels->rank != 1)
        fail("%s: has %d axes; expected 1, the labels, so that it begins with 2049",
             escape(labels_name), labels->rank);
    int n = pictures->n[0], rows = pictures->n[1], columns = pictures->n[2];
    if (n < 1 || rows != columns || rows < P || rows % P)
        fail("%s: %d pictures of %d x %d; expected some, square, with a side that is a multiple of "
             "%d",
             escape(pictures_name), n, rows, columns, P);
    if (labels->n[0] != n)
        fail("%s: %d labels for the %d pictures of %s", escape(labels_name), labels->n[0], n,
             escape(pictures_name));
    for (int i = 0; i < n; i++)
        if (labels->values[i] >= GLYPHS_DIGITS)
            fail("%s: label %d of picture %d, byte %d; expected 0 to 9", escape(labels_name),
                 labels->values[i], i, 8 + i);
}

vit_set
vit_own_parse(const char *pictures, size_t pictures_size, const char *pictures_name,
              const char *labels, size_t labels_size, const char *labels_name)
{
    idx x = idx_parse(pictures, pictures_size, pictures_name);
    idx y = idx_parse(labels, labels_size, labels_name);
    check(&x, pictures_name, &y, labels_name);
    vit_set s = {x.n[0], x.n[1], NULL, NULL};
    s.pictures = memory_zeroed(x.size, sizeof(float), "pictures");
    s.digits = memory_zeroed(s.n, sizeof(int), "labels");
    for (long i = 0; i < x.size; i++)
        s.pictures[i] = x.values[i] / 255.0f;
    for (int i = 0; i < s.n; i++)
        s.digits[i] = y.values[i];
    idx_free(&x);
    idx_free(&y);
    return s;
}

static vit_set
set_read(const char *folder, const char *pictures, const char *labels)
{
    char at[2][FILE_PATH];
    const char *const names[] = {pictures, labels};
    char *bytes[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        int length = snprintf(at[i], FILE_PATH, "%s/%s", folder, names[i]);
        if (length >= FILE_PATH)
            fail("%s: the path is too long", escape(folder));
        bytes[i] = file_read(at[i], &size[i]);
    }
    vit_set s = vit_own_parse(bytes[0], size[0], at[0], bytes[1], size[1], at[1]);
    free(bytes[0]);
    free(bytes[1]);
    return s;
}

static void
train(int i, void *all)
{
    vit_train((vit_run *)all + i);
}

void
vit_own_data(const char *folder, int steps)
{
    enum { SIZES = 3, RUNS = 2 * SIZES };
    int few[] = {300, 3000}, count = 0, sizes[SIZES];
    vit_set set = set_read(folder, "train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    vit_set test = set_read(folder, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    if (test.side != set.side)
        fail("%s: training pictures of %d x %d, test pictures of %d x %d; expected the same",
             escape(folder), set.side, set.side, test.side, test.side);
    for (int i = 0; i < 2; i++)
        if (few[i] < set.n)
            sizes[count++] = few[i];
    sizes[count++] = set.n;
    vit_run runs[RUNS];
    for (int i = 0; i < 2 * count; i++) {
        int n = sizes[i / 2];
        runs[i] = (vit_run){.t = {.steps = steps},
                            .is_net = i % 2,
                            .config = vit_usual(),
                            .set = &set,
                            .pictures = n,
                            .test = &test,
                            .rate = 4e-3f,
                            .seed = SEED};
        runs[i].config.H = runs[i].config.W = set.side;
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s_%d", i % 2 ? "net" : "vit", n);
    }
    training_run(2 * count, runs, sizeof *runs, train);
    table *t = program_table("mnist", "pictures\tvit\tnet");
    printf("%10s %8s %8s\n", "pictures", "ViT", "net");
    for (int i = 0; i < count; i++) {
        const vit_run *r = &runs[2 * i];
        table_row(t, "idd", r->pictures, r->accuracy, r[1].accuracy);
        printf("%10d %8.4f %8.4f\n", r->pictures, r->accuracy, r[1].accuracy);
    }
    table_close(t);
    training_free(2 * count, runs, sizeof *runs);
    vit_set_free(&set);
    vit_set_free(&test);
}
