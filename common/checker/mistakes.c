// A chapter's well-known mistakes, chapters/NAME/mistakes.tsv: one wrong line for one right line of a definition
// in the method or the library.
//
// mistakes vary TABLE K OUT              writes the file of mistake K (1 is the first), with the wrong line in
//                                        the right one's place, to OUT; run at the top of the checkout
// mistakes publish TABLE VARIANTS OUT    adds the tensors (one or more, with commas) of every mistake K,
//                                        computed by its variant into VARIANTS/K/out, to its case's folder
//                                        and manifest in OUT, in place of those that it has
#define _GNU_SOURCE // strsep, memmem
#include "files/fail.h"
#include "files/file.h"
#include "files/npy.h"
#include "files/table.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = FILE_PATH };

static bool
is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static const char *
next_line(const char *at)
{
    at += strcspn(at, "\n");
    return at + (*at == '\n');
}

static const char *
cell(const table_data *t, int row, const char *column)
{
    return t->cells[row * t->columns + table_column(t, column)];
}

// Whether the line at `at`, at the top level of a source, begins the definition of `name`.
static bool
begins_definition(const char *at, const char *name)
{
    size_t size = strcspn(at, "\n"), length = strlen(name);
    if (!size || strchr(" }/#", *at))
        return false;
    bool prototype = at[size - 1] == ';' && !memchr(at, '{', size) && !memchr(at, '=', size);
    for (const char *word = at; !prototype && (word = memmem(word, at + size - word, name, length));
         word += length)
        if ((word == at || !is_word(word[-1])) && !is_word(word[length]))
            return true;
    return false;
}

// Where the definition called name begins in text; *end is behind its last line: the one with } at its beginning,
// or the first, where that does not go on.
static const char *
find_definition(const char *path, const char *text, const char *name, const char **end)
{
    const char *found = NULL;
    for (const char *at = text; *at; at = next_line(at))
        if (begins_definition(at, name)) {
            if (found)
                fail("%s: %s is defined twice", path, name);
            found = at;
        }
    if (!found)
        fail("%s: no definition of %s", path, name);
    bool goes_on = strchr("){,", found[strcspn(found, "\n") - 1]);
    const char *close = goes_on ? strstr(found, "\n}") : found;
    if (!close)
        fail("%s: the definition of %s has no end", path, name);
    *end = next_line(close == found ? close : close + 1);
    return found;
}

// The place of `line`, as a whole line but for the blanks before it, between from and end.
static const char *
find_line(const char *from, const char *end, const char *line, int *times)
{
    const char *place = NULL;
    for (const char *at = from; at < end; at = next_line(at)) {
        const char *code = at + strspn(at, " ");
        if (strcspn(code, "\n") == strlen(line) && strncmp(code, line, strlen(line)) == 0) {
            place = code;
            ++*times;
        }
    }
    return place;
}

static void
vary(const char *table_path, int k, const char *to)
{
    table_data t = table_read(table_path);
    if (k < 1 || k > t.rows)
        fail("%s: has no mistake %d, it has %d", table_path, k, t.rows);
    const char *path = cell(&t, k - 1, "file"), *name = cell(&t, k - 1, "definition");
    const char *line = cell(&t, k - 1, "line"), *end;
    int times = 0;
    size_t size;
    char *text = file_read(path, &size);
    const char *from = find_definition(path, text, name, &end);
    const char *place = find_line(from, end, line, &times);
    if (times != 1)
        fail("%s:%d: the line '%s' stands %d times in %s of %s, expected once", table_path, k + 1,
             line, times, name, path);
    FILE *out = file_create(to);
    fwrite(text, 1, (size_t)(place - text), out);
    fprintf(out, "%s%s", cell(&t, k - 1, "wrong"), place + strlen(line));
    file_commit(out, to);
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
        if (strcmp(c[0], "mistake") == 0) { // of an earlier run
            char file[PATH];
            snprintf(file, PATH, "%s/%s/%s", out, name, c[3]);
            remove(file);
            continue;
        }
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
    if (argc == 5 && strcmp(argv[1], "vary") == 0)
        vary(argv[2], atoi(argv[3]), argv[4]);
    else if (argc == 5 && strcmp(argv[1], "publish") == 0)
        publish(argv[2], argv[3], argv[4]);
    else
        fail("usage: mistakes vary TABLE K OUT, or mistakes publish TABLE VARIANTS OUT");
    return 0;
}
