// The chapter's language model on a text of the reader's own: it learns, keeps its weights, and writes.
#ifndef TRANSFORMER_READER_H
#define TRANSFORMER_READER_H

// The options --text, --save and --load: paths, or NULL.
extern const char *reader_text, *reader_save, *reader_load;

// Learns from the text, from the beginning or from loaded weights; without a text, only writes.
void reader_run(void);

#endif
