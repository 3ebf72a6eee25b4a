USES := rnn
SHARES := tasks.c weights.c own_text.c
LIVE_READS := chapters/transformer/reference/reverse-weights.bf16
