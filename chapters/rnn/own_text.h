// The character model on a text of the reader's own: build/rnn/rnn --text FILE.
#ifndef RNN_OWN_TEXT_H
#define RNN_OWN_TEXT_H

// Trains an LSTM on nine tenths of the file at path and validates it on the last tenth: prints bits per character,
// and what it writes.
void rnn_own_text(const char *path);

#endif
