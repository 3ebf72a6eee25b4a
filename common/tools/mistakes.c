// A chapter's well-known mistakes, chapters/NAME/mistakes.tsv: one wrong line for one right line of the method.
//
// mistakes vary TABLE K FOLDER FILE...   writes the one of the FILEs that has the line of mistake K (1 is the
//                                        first), with the wrong line in its place, into FOLDER
// mistakes publish TABLE VARIANTS OUT    adds the tensors (one or more, with commas) of every mistake K,
//                                        computed by its variant into VARIANTS/K/out, to its case's folder
//                                        and manifest in OUT
#define _GNU_SOURCE // strsep
#include "fail.h"
#include "file.h"
#include "npy.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 1024 };

static const char *
cell(const table_data *t, int row, const char *column)
{
    return t->cells[row * t->columns + table_column(t, column)];
}

// The place of `line` in text as a whole line but for the blanks around it, counted in *found.
static const char *
find_line(const char *text, const char *line, int *found)
{
    const char *place = NULL;
    size_t length = strlen(line);
    for (const char *at = text; (at = strstr(at, line)); at += length) {
        const char *left = at, *right = at + length;
        while (left > text && (left[-1] == ' ' || left[-1] == '\t'))
            left--;
        if ((left == text || left[-1] == '\n') && (*right == '\n' || *right == 0)) {
            place = at;
            ++*found;
        }
    }
    return place;
}

static void
vary(const char *table_path, int k, const char *folder, int files, char **file)
{
    table_data t = table_read(table_path);
    if (k < 1 || k > t.rows)
        fail("%s: has no mistake %d, it has %d", table_path, k, t.rows);
    const char *line = cell(&t, k - 1, "line"), *wrong = cell(&t, k - 1, "wrong");
    if (!*line)
        fail("%s:%d: the right line is empty", table_path, k + 1);
    char path[PATH] = "", *text = NULL;
    const char *place = NULL;
    int found = 0;
    for (int i = 0; i < files; i++) {
        size_t size;
        char *bytes = file_read(file[i], &size);
        const char *here = find_line(bytes, line, &found);
        if (here) {
            const char *base = strrchr(file[i], '/');
            snprintf(path, PATH, "%s/%s", folder, base ? base + 1 : file[i]);
            text = bytes;
            place = here;
        } else
            free(bytes);
    }
    if (found != 1)
        fail("%s:%d: the line '%s' stands %d times in the method, expected once", table_path, k + 1,
             line, found);
    folder_create(folder);
    FILE *out = file_create(path);
    fwrite(text, 1, (size_t)(place - text), out);
    fprintf(out, "%s%s", wrong, place + strlen(line));
    file_commit(out, path);
    printf("%s\n", path);
    free(text);
    table_free(&t);
}

static void
copy(const char *from, const char *to)
{
    size_t size;
    char *bytes = file_read(from, &size);
    FILE *out = file_create(to);
    fwrite(bytes, 1, size, out);
    file_commit(out, to);
    free(bytes);
}

// The mistake must show: by more than ten times what the checker lets pass.
static void
check_difference(const char *right_path, const char *wrong_path, double tolerance)
{
    npy right = npy_read(right_path), wrong = npy_read(wrong_path);
    if (right.size != wrong.size)
        fail("%s: %ld values, %s has %ld", wrong_path, wrong.size, right_path, right.size);
    double largest = 1, difference = 0;
    for (long i = 0; i < right.size; i++) {
        largest = fmax(largest, fabs(right.values[i]));
        difference = fmax(difference, fabs(right.values[i] - wrong.values[i]));
    }
    if (difference <= 10 * tolerance * largest)
        fail("%s: the mistake changes %s by %g only; name a tensor in which it shows", wrong_path,
             right_path, difference);
    npy_free(&right);
    npy_free(&wrong);
}

// Adds one tensor of mistake k (from 0), as `number` of its case, to the manifest and to the lines.
static void
publish_tensor(const table_data *mistakes, int k, int number, const char *of, const char *variants,
               const char *out, const table_data *manifest, table *to_manifest, table *to_lines)
{
    const char *name = cell(mistakes, k, "case");
    int row = 0;
    while (row < manifest->rows && strcmp(cell(manifest, row, "name"), of) != 0)
        row++;
    if (row == manifest->rows)
        fail("%s:%d: case %s has no tensor %s", mistakes->name, k + 2, name, of);
    char id[64], file[80], right[PATH], wrong[PATH], to[PATH];
    snprintf(id, sizeof id, "mistake_%d_%s", number, of);
    snprintf(file, sizeof file, "%s.npy", id);
    snprintf(right, PATH, "%s/%s/%s", out, name, cell(manifest, row, "file"));
    snprintf(wrong, PATH, "%s/%d/out/%s/%s", variants, k + 1, name, cell(manifest, row, "file"));
    snprintf(to, PATH, "%s/%s/%s", out, name, file);
    check_difference(right, wrong,
                     table_number(manifest, row, table_column(manifest, "tolerance")));
    copy(wrong, to);
    table_row(to_manifest, "sssssss", "mistake", id, of, file, cell(manifest, row, "shape"),
              cell(manifest, row, "tolerance"), cell(mistakes, k, "sentence"));
    table_row(to_lines, "sss", id, cell(mistakes, k, "line"), cell(mistakes, k, "wrong"));
}

// Adds the mistakes of one case to its manifest and lists their lines in its mistakes.tsv.
static void
publish_case(const table_data *mistakes, const char *name, const char *variants, const char *out)
{
    char path[PATH];
    snprintf(path, PATH, "%s/%s/manifest.tsv", out, name);
    table_data old = table_read(path);
    table *manifest = table_create(path, "role\tname\tof\tfile\tshape\ttolerance\tabout");
    for (int r = 0; r < old.rows; r++) {
        char **c = old.cells + r * old.columns;
        table_row(manifest, "sssssss", c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
    }
    snprintf(path, PATH, "%s/%s/mistakes.tsv", out, name);
    table *lines = table_create(path, "name\tline\twrong");
    int number = 0;
    for (int k = 0; k < mistakes->rows; k++) {
        if (strcmp(cell(mistakes, k, "case"), name) != 0)
            continue;
        number++;
        char tensors[256], *rest = tensors;
        snprintf(tensors, sizeof tensors, "%s", cell(mistakes, k, "tensor"));
        for (char *of; (of = strsep(&rest, ","));)
            publish_tensor(mistakes, k, number, of, variants, out, &old, manifest, lines);
    }
    table_close(manifest);
    table_close(lines);
    table_free(&old);
}

static void
publish(const char *table_path, const char *variants, const char *out)
{
    table_data t = table_read(table_path);
    for (int k = 0; k < t.rows; k++) {
        int first = 0;
        while (strcmp(cell(&t, first, "case"), cell(&t, k, "case")) != 0)
            first++;
        if (first == k)
            publish_case(&t, cell(&t, k, "case"), variants, out);
    }
    table_free(&t);
}

int
main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "vary") == 0)
        vary(argv[2], atoi(argv[3]), argv[4], argc - 5, argv + 5);
    else if (argc == 5 && strcmp(argv[1], "publish") == 0)
        publish(argv[2], argv[3], argv[4]);
    else
        fail("usage: mistakes vary TABLE K FOLDER FILE..., or mistakes publish TABLE VARIANTS OUT");
    return 0;
}
