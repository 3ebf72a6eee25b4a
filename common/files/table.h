// Tables as tab-separated text: one header line, units in the names, nothing to quote.
#ifndef TABLE_H
#define TABLE_H

#include <stdio.h>

// A table being written. `columns` are the names with a tab between two.
typedef struct table table;
table *table_create(const char *path, const char *columns);

// One row. `types` has a letter for each column, followed by the values:
// i int, f float as %.9g, d double as %.17g (both read back to the same bits), s text.
void table_row(table *t, const char *types, ...);

// One row of a step's number and n floats, of a table of n + 1 columns.
void table_curve(table *t, int step, int n, const float *values);

// Completes the file under its name; until then there is none.
void table_close(table *t);

// A table read from `size` bytes at `bytes`; `name` stands in error messages, as name:line.
// A row with another number of columns than the header, or no header, is an error. Lines may end as on Windows.
typedef struct {
    int rows, columns; // rows without the header
    char **header;     // (columns)
    char **cells;      // (rows, columns)
    char *bytes;       // what both point into
    const char *name;
} table_data;
table_data table_parse(const char *bytes, size_t size, const char *name);
table_data table_read(const char *path); // of a file; path must last as long as the table
void table_free(table_data *t);

// The index of the column called `name`; its absence is an error that lists what there is.
int table_column(const table_data *t, const char *name);

// The number in row, column; anything but one number is an error with its line.
double table_number(const table_data *t, int row, int column);

#endif
