// The chapter's language model on a text of the reader's own: it learns, keeps its weights, and writes.
#ifndef TRANSFORMER_OWN_TEXT_H
#define TRANSFORMER_OWN_TEXT_H

// Learns from the file `text`, beginning with the weights in the file `load`, and writes them to the file `save`;
// then lets the model write. Each may be NULL: without `load` the weights are new, without `text` it only writes.
void transformer_own_text(const char *text, const char *save, const char *load);

#endif
