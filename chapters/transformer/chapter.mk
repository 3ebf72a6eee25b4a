USES := rnn
SHARES := tasks.c weights.c own_text.c
