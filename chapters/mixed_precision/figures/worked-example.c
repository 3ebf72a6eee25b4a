#include "mixed_precision/figures/figures.h"
void
mixed_precision_figure_worked_example(void)
{
}
