USES := rnn
