USES := vit transformer
SHARES := large.c match.c oracle.c
