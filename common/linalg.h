// Small dense problems of linear algebra in double, the same bits everywhere. Matrices are in C order;
// a result overlaps no input.
#ifndef LINALG_H
#define LINALG_H

// C (n, m) = A (n, k) B (k, m); each element is summed with the inner index ascending.
void linalg_product(int n, int m, int k, const double *a, const double *b, double *c);

// Replaces B (n, m) by X (n, m) with A X = B, A (n, n): LU with partial pivoting. `name` stands for A in the
// message that ends the program where A is singular, that is where a pivot is not above rounding, n 2^-52
// times the largest entry of its column, or not finite.
void linalg_solve(const char *name, int n, const double *a, int m, double *b);

#endif
