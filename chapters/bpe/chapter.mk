# Uses the RNN for its LSTM.
USES := rnn
