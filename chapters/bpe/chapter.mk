# Uses the RNN for its LSTM.
USES := rnn
LIVE_READS := chapters/bpe/texts/GPL-3
