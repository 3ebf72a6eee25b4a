// Pre-tokenisation: the pieces of a text, over whose borders no token reaches.
#ifndef PIECES_H
#define PIECES_H

// By how many bytes one must see past a piece's end to be sure of it.
enum { PIECES_AHEAD = 8 };

// Where the piece ends that begins at `at` < n, by the rule of GPT-2 (Radford et al. 2019):
//     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// A byte that belongs to no UTF-8 character is like a punctuation mark.
long pieces_end(const unsigned char *text, long n, long at);

#endif
