USES := rnn
SHARES := layer.c
