#include "files/table.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct table {
    FILE *file;
    int columns;
    char path[];
};

static int
count(const char *text, size_t size, char what)
{
    int n = 0;
    for (size_t i = 0; i < size; i++)
        n += text[i] == what;
    return n;
}

static void
print_text(table *t, const char *text)
{
    if (strpbrk(text, "\t\n"))
        fail("%s: the text '%.40s' has a tab or the end of a line in it", t->path, text);
    fputs(text, t->file);
}

table *
table_create(const char *path, const char *columns)
{
    table *t = memory_zeroed(1, sizeof *t + strlen(path) + 1, path);
    strcpy(t->path, path);
    t->columns = 1 + count(columns, strlen(columns), '\t');
    t->file = file_create(path);
    fprintf(t->file, "%s\n", columns);
    return t;
}

// NaN has a sign and a payload that differ between machines; in a file it has neither.
static void
print_number(FILE *file, double value, int digits)
{
    if (isnan(value))
        fputs("nan", file);
    else
        fprintf(file, "%.*g", digits, value);
}

void
table_row(table *t, const char *types, ...)
{
    if ((int)strlen(types) != t->columns)
        fail("%s: a row of %zu values, the header names %d", t->path, strlen(types), t->columns);
    va_list values;
    va_start(values, types);
    for (const char *type = types; *type; type++) {
        if (type > types)
            fputc('\t', t->file);
        switch (*type) {
        case 'i': fprintf(t->file, "%d", va_arg(values, int)); break;
        case 'f': print_number(t->file, va_arg(values, double), 9); break;
        case 'd': print_number(t->file, va_arg(values, double), 17); break;
        case 's': print_text(t, va_arg(values, char *)); break;
        default: fail("table_row: '%c' is no type; there are i, f, d and s", *type);
        }
    }
    va_end(values);
    fputc('\n', t->file);
}

void
table_curve(table *t, int step, int n, const float *values)
{
    if (n + 1 != t->columns)
        fail("%s: a row of %d values, the header names %d", t->path, n + 1, t->columns);
    fprintf(t->file, "%d", step);
    for (int i = 0; i < n; i++) {
        fputc('\t', t->file);
        print_number(t->file, values[i], 9);
    }
    fputc('\n', t->file);
}

void
table_close(table *t)
{
    file_commit(t->file, t->path);
    free(t);
}

// Cuts text at `at` into a string of its own and returns what follows.
static char *
cut(char *text, char at)
{
    char *end = strchr(text, at);
    if (!end)
        return text + strlen(text);
    *end = 0;
    return end + 1;
}

// The number of lines; each must have the header's number of columns.
static int
check_lines(const char *bytes, size_t size, const char *name)
{
    int lines = 0, columns = 0;
    for (size_t at = 0; at < size; lines++) {
        const char *end = memchr(bytes + at, '\n', size - at);
        size_t length = end ? (size_t)(end - bytes) - at : size - at;
        int found = 1 + count(bytes + at, length, '\t');
        if (lines && found != columns)
            fail("%s:%d: %d columns, the header has %d", name, lines + 1, found, columns);
        columns = found;
        at += length + 1;
    }
    return lines;
}

table_data
table_parse(const char *bytes, size_t size, const char *name)
{
    if (memchr(bytes, 0, size))
        fail("%s: has a zero byte, expected a table as text", name);
    if (size == 0 || *bytes == '\n')
        fail("%s: no header line", name);
    int lines = check_lines(bytes, size, name);
    table_data t = {.name = name, .rows = lines - 1};
    const char *end = memchr(bytes, '\n', size);
    t.columns = 1 + count(bytes, end ? (size_t)(end - bytes) : size, '\t');
    t.header = memory_zeroed((long)t.columns * lines, sizeof *t.header, name);
    t.cells = t.header + t.columns;
    t.bytes = memory_zeroed((long)size + 1, 1, name);
    memcpy(t.bytes, bytes, size);
    char *next = t.bytes;
    for (int line = 0; line < lines; line++) {
        char *cell = next;
        next = cut(next, '\n');
        for (int c = 0; c < t.columns; c++) {
            t.header[line * t.columns + c] = cell;
            cell = cut(cell, '\t');
        }
    }
    return t;
}

table_data
table_read(const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    table_data t = table_parse(bytes, size, path);
    free(bytes);
    return t;
}

void
table_free(table_data *t)
{
    free(t->header);
    free(t->bytes);
    *t = (table_data){0};
}

int
table_column(const table_data *t, const char *name)
{
    char all[512] = "";
    for (int c = 0; c < t->columns; c++) {
        if (strcmp(t->header[c], name) == 0)
            return c;
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", c ? ", " : "", t->header[c]);
    }
    fail("%s:1: no column '%s'; there are: %s", t->name, name, all);
}

double
table_number(const table_data *t, int row, int column)
{
    const char *cell = t->cells[row * t->columns + column];
    char *end;
    double value = strtod(cell, &end);
    if (end == cell || *end)
        fail("%s:%d: '%s' in column %s is no number", t->name, row + 2, cell, t->header[column]);
    return value;
}
