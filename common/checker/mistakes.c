// A chapter's well-known mistakes, chapters/NAME/mistakes.tsv: one wrong line for one right line of a definition
// in the method or the library. Columns: id, kind, case, file, definition, line, wrong, sentence, source.
//
// mistakes vary TABLE ID OUT             writes the file of the mistake, with the wrong line in the right one's
//                                        place, to OUT; run at the top of the checkout
// mistakes publish TABLE VARIANTS OUT    holds the cases that every mistake computed into VARIANTS/ID/out against
//                                        those in OUT, and adds what it changes to its case there (FORMAT.md),
//                                        in place of the mistakes that the case has
#define _GNU_SOURCE // memmem
#include "checker/reference.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "files/npy.h"
#include "files/standard.h"
#include "files/table.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

// Where the definition called name begins in text; *end is behind its last line: the one before } at the beginning of a
// line, or the first, where that does not go on.
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
    const char *close = strstr(found, "\n}");
    if (goes_on && !close)
        fail("%s: the definition of %s has no end", path, name);
    *end = goes_on ? close + 1 : next_line(found);
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

// Refuses a table whose ids or kinds are none.
static table_data
read_mistakes(const char *path)
{
    static const char kinds[] = " convention missing-term wrong-step wrong-axis wrong-sign scale "
                                "mask state order other ";
    table_data t = table_read(path);
    for (int row = 0; row < t.rows; row++) {
        const char *id = reference_cell(&t, row, "id"), *kind = reference_cell(&t, row, "kind");
        char word[80];
        snprintf(word, sizeof word, " %.70s ", kind);
        if (!*id || strlen(id) > 100 || id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")])
            fail("%s:%d: the id '%s', expected words of small letters and digits with dashes", path,
                 row + 2, id);
        for (int other = 0; other < row; other++)
            if (strcmp(reference_cell(&t, other, "id"), id) == 0)
                fail("%s:%d: a second mistake with the id %s", path, row + 2, id);
        if (!*kind || !strstr(kinds, word))
            fail("%s:%d: the kind '%s', expected one of%s", path, row + 2, kind, kinds);
    }
    return t;
}

static void
vary(const char *table_path, const char *id, const char *to)
{
    table_data t = read_mistakes(table_path);
    int k = 0;
    while (k < t.rows && strcmp(reference_cell(&t, k, "id"), id) != 0)
        k++;
    if (k == t.rows)
        fail("%s: has no mistake with the id %s", table_path, id);
    const char *path = reference_cell(&t, k, "file"), *name = reference_cell(&t, k, "definition");
    const char *line = reference_cell(&t, k, "line"), *end;
    int times = 0;
    size_t size;
    char *text = file_read(path, &size);
    const char *from = find_definition(path, text, name, &end);
    const char *place = find_line(from, end, line, &times);
    if (times != 1)
        fail("%s:%d: the line '%s' stands %d times in %s of %s, expected once", table_path, k + 2,
             line, times, name, path);
    FILE *out = file_create(to);
    fwrite(text, 1, (size_t)(place - text), out);
    fprintf(out, "%s%s", reference_cell(&t, k, "wrong"), place + strlen(line));
    file_commit(out, to);
    free(text);
    table_free(&t);
}

// ---- What the mistakes give ----

// By how much the variant's values are off, in tolerances; more than 1: it changes the tensor.
static double
change_of(const entry *e)
{
    double most = 0;
    for (long i = 0; i < e->ours.size; i++) {
        double ours = e->ours.values[i], difference = fabs(e->mine[i] - ours);
        if (isnan(ours) || e->mine[i] == ours)
            continue;
        most = fmax(most, isnan(difference) ? INFINITY : difference / e->tolerance);
    }
    return most;
}

// Writes n values in the type of the case: float64 where one of its tensors has it.
static void
write_values(const char *path, bool wide, int n, const double *values)
{
    if (wide) {
        npy_write(path, NPY_F8, 1, &n, values);
        return;
    }
    float *narrow = memory_zeroed(n, sizeof *narrow, path);
    for (int i = 0; i < n; i++)
        narrow[i] = (float)values[i];
    npy_write(path, NPY_F4, 1, &n, narrow);
    free(narrow);
}

// Publishes one mistake: r has its case, with the variant's values as the reader's.
static void
publish_mistake(const table_data *t, int row, const reference *r, table *to)
{
    const char *id = reference_cell(t, row, "id");
    char path[FILE_PATH], tensors[4096] = "";
    double most = 0, *values = NULL;
    int n = 0;
    bool wide = false;
    for (const entry *e = r->all; e < r->all + r->n; e++) {
        if (!e->mine)
            fail("%s:%d: %s does not compute %s of case %s", t->name, row + 2, id, e->name,
                 r->folder);
        double change = change_of(e);
        if (e->input || change <= 1)
            continue;
        most = fmax(most, change);
        wide |= strcmp(e->ours.type, "f8") == 0;
        size_t used = strlen(tensors);
        snprintf(tensors + used, sizeof tensors - used, "%s%s", used ? " " : "", e->name);
        for (long i = 0; i < e->ours.size; i++) {
            values = memory_grow(values, ++n, sizeof *values, id);
            values[n - 1] = e->mine[i];
        }
    }
    if (most <= 10)
        fail(
            "%s:%d: %s changes %s by %.2g tolerances at most, expected more than 10: choose a case "
            "in which it shows",
            t->name, row + 2, id, r->folder, most);
    snprintf(path, FILE_PATH, "%s/mistakes/%s.npy", r->folder, id);
    write_values(path, wide, n, values);
    table_row(to, "sssssss", id, reference_cell(t, row, "kind"), tensors,
              reference_cell(t, row, "sentence"), reference_cell(t, row, "source"),
              reference_cell(t, row, "line"), reference_cell(t, row, "wrong"));
    free(values);
}

// Makes CASE/mistakes an empty folder.
static void
empty_folder(const char *folder)
{
    folder_create(folder);
    DIR *files = opendir(folder);
    if (!files)
        fail("%s: cannot be read", folder);
    for (const struct dirent *file = readdir(files); file; file = readdir(files))
        unlinkat(dirfd(files), file->d_name, 0); // which leaves folders, . and .. too
    closedir(files);
}

static void
publish_case(const table_data *t, const char *name, const char *variants, const char *out)
{
    char folder[FILE_PATH - 256], path[FILE_PATH];
    snprintf(folder, sizeof folder, "%s/%s", out, name);
    reference r = reference_read(folder);
    snprintf(path, FILE_PATH, "%s/mistakes", folder);
    empty_folder(path);
    snprintf(path, FILE_PATH, "%s/mistakes.tsv", folder);
    table *to = table_create(path, "id\tkind\ttensors\tsentence\tsource\tline\twrong");
    for (int row = 0; row < t->rows; row++) {
        if (strcmp(reference_cell(t, row, "case"), name) != 0)
            continue;
        snprintf(path, FILE_PATH, "%s/%s/out/%s", variants, reference_cell(t, row, "id"), name);
        reference_take(&r, path);
        publish_mistake(t, row, &r, to);
    }
    table_close(to);
    reference_free(&r);
}

static void
publish(const char *table_path, const char *variants, const char *out)
{
    table_data t = read_mistakes(table_path);
    for (int k = 0; k < t.rows; k++) {
        int first = 0;
        while (strcmp(reference_cell(&t, first, "case"), reference_cell(&t, k, "case")) != 0)
            first++;
        if (first == k)
            publish_case(&t, reference_cell(&t, k, "case"), variants, out);
    }
    table_free(&t);
}

int
main(int argc, char **argv)
{
    standard_begin();
    if (argc == 5 && strcmp(argv[1], "vary") == 0)
        vary(argv[2], argv[3], argv[4]);
    else if (argc == 5 && strcmp(argv[1], "publish") == 0)
        publish(argv[2], argv[3], argv[4]);
    else
        fail("usage: mistakes vary TABLE ID OUT, or mistakes publish TABLE VARIANTS OUT");
    return standard_end(0);
}
