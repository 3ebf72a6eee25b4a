// The tool: a tokenizer trained on files of your own, texts as ids and back, and a text with its tokens marked.
#ifndef BPE_TOOL_H
#define BPE_TOOL_H

#include <stdbool.h>

// The options as they were given, NULL: not. A path "-" is stdin.
typedef struct {
    const char *train, *vocabulary, *save;
    const char *tokens, *encode, *decode, *show, *special;
} bpe_tool_options;

// Whether the tool was asked for, and not the chapter's figures.
bool bpe_tool_asked(const bpe_tool_options *o);
void bpe_tool(const bpe_tool_options *o);

#endif
