USES := transformer
