USES := transformer rope linear_attention
