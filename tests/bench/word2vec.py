"""Word vectors by gensim for bench.py, as word2vec.c: word2vec.py METHOD HOW FILE. A step is one epoch on the text, with
one worker; the value is the number of its words. HOW: `lists` of sentences in memory, or the `file`, read in C."""
import sys

import gensim

from contestant import answer

method, how, path = sys.argv[1:]
with open(path) as f:
    sentences = [line.split() for line in f]
words = sum(map(len, sentences))
m = gensim.models.Word2Vec(vector_size=100, window=5, negative=0 if method == "tree" else 5, hs=int(method == "tree"), sample=0,
                           sg=int(method != "cbow"), min_count=1, workers=1, alpha=0.025, min_alpha=0.0000025, seed=1)
m.build_vocab(sentences)


def step():
    given = {"corpus_iterable": sentences} if how == "lists" else {"corpus_file": path, "total_words": words}
    m.train(total_examples=len(sentences), epochs=1, **given)
    return words


answer(step)
