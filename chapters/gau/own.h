// A text of the reader's: what a character costs at each place of a chunk, by three kinds of nets.
#ifndef GAU_OWN_H
#define GAU_OWN_H

// Trains quadratic units, FLASH, and local units below linear ones on nine tenths of the text at `path`, and tests on
// the last tenth. steps: how many, as the option has it; NULL: 1000. Writes text.tsv.
void gau_own_text(const char *path, const char *steps);

#endif
