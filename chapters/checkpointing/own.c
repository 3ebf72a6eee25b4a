#include "checkpointing/own.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "frame/program.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_LAYERS = 256 };

static const double most_number = 1e15; // sums of 256 are whole numbers in double

static double
cost(const table_data *t, int row, int column)
{
    double x = table_number(t, row, column);
    if (!(x >= 0 && x <= most_number))
        fail("%s:%d: %s is %g; expected a number from 0 to %g", t->name, row + 2, t->header[column],
             x, most_number);
    return x;
}

checkpointing_layer *
checkpointing_own_parse(const char *bytes, size_t size, const char *name, table_data *t, int *n)
{
    *t = table_parse(bytes, size, name);
    int tape = table_column(t, "tape"), out = table_column(t, "out"),
        time = table_column(t, "time");
    table_column(t, "name");
    if (t->rows < 1 || t->rows > MOST_LAYERS)
        fail("%s: %d layers; expected 1 to %d", name, t->rows, MOST_LAYERS);
    for (int i = 0; i < t->rows; i++) { // refused before there is memory to give back
        cost(t, i, tape);
        cost(t, i, out);
        cost(t, i, time);
    }
    checkpointing_layer *layers = memory_zeroed(t->rows, sizeof *layers, "layers");
    for (int i = 0; i < t->rows; i++)
        layers[i] = (checkpointing_layer){cost(t, i, tape), cost(t, i, out), cost(t, i, time)};
    *n = t->rows;
    return layers;
}

static void
print_plan(const table_data *t, int n, const checkpointing_layer *layers,
           const checkpointing_plan *p)
{
    int name = table_column(t, "name");
    bool *cut = memory_zeroed(n, sizeof *cut, "a plan");
    checkpointing_cuts(n, layers, p, cut);
    if (p->again == 0)
        printf("Keep everything: %.0f bytes.\n", p->peak);
    else
        printf("Compute %d of %d layers again: %.0f bytes at the most, %g more time. Segments:\n",
               p->again, n, p->peak, p->seconds);
    for (int i = 0, first = 0; i < p->again; i++)
        if (cut[i]) {
            printf("  %s", escape(t->cells[first * t->columns + name]));
            if (i > first)
                printf(" .. %s", escape(t->cells[i * t->columns + name]));
            putchar('\n');
            first = i + 1;
        }
    free(cut);
}

void
checkpointing_own_costs(const char *path, const char *memory)
{
    size_t size;
    int n;
    double bytes = program_number("--memory", memory, 1, most_number, 0);
    table_data t;
    char *text = file_read(path, &size);
    checkpointing_layer *layers = checkpointing_own_parse(text, size, path, &t, &n);
    checkpointing_plan *plans = memory_zeroed(n + 1, sizeof *plans, "plans");
    checkpointing_plans(n, layers, plans);
    table *out = program_table("plans", "again\tpeak\ttime");
    for (int j = 0; j <= n; j++)
        table_row(out, "idd", j, plans[j].peak, plans[j].seconds);
    table_close(out);
    const checkpointing_plan *smallest = checkpointing_smallest(n, plans);
    const checkpointing_plan *chosen = memory ? checkpointing_fitting(n, plans, bytes) : smallest;
    if (!chosen)
        fail("--memory %s: no plan fits; the least is %.0f bytes", escape(memory), smallest->peak);
    printf("%s: %d layers; kept whole %.0f bytes, at the least %.0f (plans.tsv has all).\n",
           escape(path), n, plans[0].peak, smallest->peak);
    print_plan(&t, n, layers, chosen);
    table_free(&t);
    free(layers);
    free(plans);
    free(text);
}
