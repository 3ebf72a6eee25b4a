// The character model on a text of the reader's own: build/rnn/rnn --text FILE.
#ifndef RNN_OWN_TEXT_H
#define RNN_OWN_TEXT_H

// Trains an LSTM on nine tenths of the file at path and validates it on the last tenth: prints bits per byte, and
// what it writes. It reads bytes, or the tokens of a rank file, if tokens_path is not NULL.
void rnn_own_text(const char *path, const char *tokens_path);

#endif
