# The tests hold bpe_map against its counts.
USES := bpe
