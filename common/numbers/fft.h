// The discrete Fourier transform in double, the same bits everywhere.
#ifndef FFT_H
#define FFT_H

// Factors and scratch memory for c transforms of n values side by side, n a power of two. One for each thread.
typedef struct fft fft;
fft *fft_new(int n, int c);
void fft_free(fft *f);

// In place, for each of the c columns of x = re + i im, re and im (n, c):
// forward  X[k] = sum_j x[j] e^(-2 pi i j k / n)
// inverse  x[j] = sum_k X[k] e^(2 pi i j k / n) / n
void fft_forward(fft *f, double *re, double *im);
void fft_inverse(fft *f, double *re, double *im);

#endif
