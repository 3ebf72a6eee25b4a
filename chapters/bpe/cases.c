#include "bpe/cases.h"
void
bpe_cases(void)
{
}
