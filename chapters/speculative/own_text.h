// A decoder with heads on a text of the reader's own.
#ifndef SPECULATIVE_OWN_TEXT_H
#define SPECULATIVE_OWN_TEXT_H

// Trains the decoder for `steps` and heads on its frozen trunk for half as many, on nine tenths of the text at
// `path`; then writes with and without, and prints symbols a pass, symbols a second, and how likely the model finds
// what was written.
void speculative_own_text(const char *path, int steps, double temperature);

#endif
