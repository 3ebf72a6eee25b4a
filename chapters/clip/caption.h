// The drawn test pictures by how well a caption of the reader's fits them: --caption.
#ifndef CLIP_CAPTION_H
#define CLIP_CAPTION_H

#include "clip/experiment.h"

// The words of a caption; where the text is none, an error that says which words there are.
void clip_caption_take(const char *text, int word[SHAPES_SLOTS]);

// Trains with batches of 256, prints the pictures with the highest scores and writes caption.tsv.
void clip_caption(const char *text);

#endif
