USES := transformer
SHARES := convolution.c resize.c tokens.c
