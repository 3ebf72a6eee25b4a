// Small dense problems of linear algebra in double, the same bits everywhere. Matrices are in C order;
// a result overlaps no input.
#ifndef LINALG_H
#define LINALG_H

// C (n, m) = A (n, k) B (k, m); each element is summed with the inner index ascending.
void linalg_product(int n, int m, int k, const double *a, const double *b, double *c);

// x . y of n numbers, summed with the index ascending.
double linalg_dot(int n, const double *x, const double *y);

// Replaces B (n, m) by X (n, m) with A X = B, A (n, n): LU with partial pivoting. `name` stands for A in the
// message that ends the program where A is singular, that is where a pivot is not above rounding, n 2^-52
// times the largest entry of its column, or not finite.
void linalg_solve(const char *name, int n, const double *a, int m, double *b);

// A = Q R by Householder reflections: A (n, m) with n >= m, Q (n, m) with orthonormal columns, R (m, m)
// upper triangular with no negative number on its diagonal. Of a matrix of independent normal numbers Q is
// a random orthogonal matrix, uniform over all of them.
void linalg_qr(int n, int m, const double *a, double *q, double *r);

// A v = value v for a symmetric A (n, n): values (n) ascending, row i of vectors (n, n) is the unit vector of
// values[i]. Jacobi's rotations.
void linalg_symmetric(int n, const double *a, double *values, double *vectors);

// A = U diag(s) V^T for A (n, m) with n >= m: s (m) descending and not negative; row i of u (m, n) and of v (m, m) are
// the unit vectors of s[i], up to a common sign. Where s[i] is 0, row i of u is 0. One-sided Jacobi (Hestenes 1958).
void linalg_svd(int n, int m, const double *a, double *u, double *s, double *v);

// A v = value v for a Hermitian A = re + i im (n, n): values (n) ascending; row i of vectors_re + i vectors_im
// (n, n) is a unit vector of values[i], up to a phase. For n different values.
void linalg_hermitian(int n, const double *re, const double *im, double *values, double *vectors_re,
                      double *vectors_im);

// E (n, n) = e^A = I + A + A^2/2 + ...: scaling and squaring with a Pade approximant of degree 13 (Higham
// 2005, "The scaling and squaring method for the matrix exponential revisited").
void linalg_expm(int n, const double *a, double *e);

// The n nodes, ascending, and weights of Gauss and Legendre: the sum of weight[i] f(node[i]) is the integral of f from
// -1 to 1, exactly where f is a polynomial of degree 2 n - 1 or less. n from 1 to 100.
void linalg_legendre(int n, double *node, double *weight);

#endif
