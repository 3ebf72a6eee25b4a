SHARES := maps.c biases.c perceptron.c
