USES := transformer linear_attention
