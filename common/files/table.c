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
    char path[FILE_PATH];
};

static int
count(const char *text, char what)
{
    int n = 0;
    for (; *text; text++)
        n += *text == what;
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
    FILE *file = file_create(path);
    table *t = memory_zeroed(1, sizeof *t, path);
    t->file = file;
    t->columns = 1 + count(columns, '\t');
    snprintf(t->path, FILE_PATH, "%s", path);
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

table_data
table_parse(const char *bytes, size_t size, const char *name)
{
    if (memchr(bytes, 0, size))
        fail("%s: has a zero byte, expected a table as text", name);
    if (size == 0 || *bytes == '\n')
        fail("%s: no header line", name);
    table_data t = {.name = name, .bytes = memory_zeroed((long)size + 1, 1, name)};
    memcpy(t.bytes, bytes, size);
    int lines = count(t.bytes, '\n') + (bytes[size - 1] != '\n');
    t.header = memory_zeroed((long)lines + count(t.bytes, '\t'), sizeof *t.header, name);
    char *next = t.bytes;
    for (int i = 0; i < lines; i++) {
        char *line = strsep(&next, "\n");
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = 0;
        int columns = 1 + count(line, '\t');
        if (i == 0)
            t.columns = columns;
        if (columns != t.columns) {
            table_free(&t);
            fail("%s:%d: %d columns, the header has %d", name, i + 1, columns, t.columns);
        }
        for (int c = 0; c < columns; c++)
            t.header[i * columns + c] = strsep(&line, "\t");
    }
    t.rows = lines - 1;
    t.cells = t.header + t.columns;
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
