USES := transformer
SHARES := convolution.c resize.c tokens.c
LIVE_READS := chapters/vit/reference/trained-weights.npy
