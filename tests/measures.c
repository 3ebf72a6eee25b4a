// What deviating numbers look like beside the rest of their case: lines along an axis, matrix products, overlaps, sums
// of terms, and the pieces that they are made of.
#include "checker/axes.h"
#include "checker/fit.h"
#include "checker/overlap.h"
#include "checker/product.h"
#include "numbers/random.h"
#include "test.h"

#include <math.h>

enum { A = 3, B = 4, C = 5, ALL = A * B * C };

static void
draw(double *values, int n, int stream)
{
    rng r = rng_at(7, stream);
    for (int i = 0; i < n; i++)
        values[i] = rng_normal(&r);
}

static likeness
of_shape(int rank, const int *n, const double *ours, const double *mine)
{
    likeness x = {.rank = rank, .size = 1, .ours = ours, .mine = mine, .apart = 1e-9};
    for (int a = 0; a < rank; a++)
        x.size *= x.n[a] = n[a];
    return x;
}

static beside_piece
piece_of(const char *name, int rank, const int *n, double *values)
{
    beside_piece p = {.rank = rank, .size = 1, .values = values};
    snprintf(p.name, sizeof p.name, "%s", name);
    for (int a = 0; a < rank; a++)
        p.size *= p.n[a] = n[a];
    return p;
}

// ---- Lines along an axis ----

static double
of_line(int making, int n, const double *line, int i, int last)
{
    double sum = 0, squares = 0, most = 0, absolute = 0, exps = 0;
    double scale = making == 6 ? 1 / sqrt(last) : 1;
    for (int k = 0; k < n; k++) {
        sum += line[k];
        squares += line[k] * line[k];
        absolute += fabs(line[k]);
        most = fmax(most, fabs(line[k]));
        exps += exp(scale * line[k]);
    }
    double so_far = 0;
    for (int k = making == 7 ? 0 : i; k < (making == 7 ? i + 1 : n); k++)
        so_far += line[k];
    switch (making) {
    case 0: return line[i] / sum;
    case 1: return line[i] / sqrt(squares);
    case 2: return line[i] / most;
    case 3: return line[i] / absolute;
    case 4: return line[i] - sum / n;
    case 5:
    case 6: return exp(scale * line[i]) / exps;
    default: return so_far;
    }
}

static const char *const lines_say[] = {
    "These are %s divided by its sum over axis %d.",
    "These are %s divided by its length (the root of the sum of its squares) over axis %d.",
    "These are %s divided by its largest |value| along axis %d.",
    "These are %s divided by the sum of its |values| over axis %d.",
    "These are %s less its mean over axis %d.",
    "These are the softmax of %s over axis %d.",
    ("These are the softmax of %s over axis %d, after a division by the root of its last axis's "
     "length."),
    "These are the sums of %s so far along axis %d.",
    "These are the sums of %s so far along axis %d, from its end."};

static void
make_lines(int making, int axis, const double *from, double *to)
{
    static const int n[] = {A, B, C}, strides[] = {B * C, C, 1};
    for (int i = 0; i < ALL; i++) {
        double line[C];
        int at = i / strides[axis] % n[axis];
        for (int k = 0; k < n[axis]; k++)
            line[k] = from[i + (k - at) * strides[axis]];
        to[i] = of_line(making, n[axis], line, at, C);
    }
}

START_TEST(lines)
{
    double ours[ALL], o[ALL], p[ALL], mine[ALL];
    char text[LIKENESS_TEXT], expected[LIKENESS_TEXT];
    draw(ours, ALL, 1);
    draw(o, ALL, 2);
    draw(p, ALL, 3);
    const likeness_other two[] = {{"o", o, false}, {"p", p, false}};
    likeness x = of_shape(3, (int[]){A, B, C}, ours, mine);
    x.others = two;
    x.n_others = 2;
    for (int making = 0; making < 9; making++)
        for (int axis = 0; axis < 3; axis++)
            for (int of = 0; of < 3; of++) {
                make_lines(making, axis, of == 0 ? ours : of == 1 ? o : p, mine);
                snprintf(expected, sizeof expected, lines_say[making],
                         of == 0   ? "ours"
                         : of == 1 ? "o"
                                   : "p",
                         axis);
                ck_assert_msg(axes_find(&x, text), "nothing for '%s'", expected);
                ck_assert_str_eq(text, expected);
                mine[7] += 1e-6;
                ck_assert(!axes_find(&x, text));
            }
    // an axis of two, and one of one, of which nothing is said
    likeness flat = of_shape(3, (int[]){2, 1, ALL / 2}, ours, mine);
    flat.others = two;
    flat.n_others = 2;
    for (int i = 0; i < ALL; i++)
        mine[i] = i < ALL / 2 ? o[i] : o[i - ALL / 2] + o[i];
    ck_assert(axes_find(&flat, text));
    ck_assert_str_eq(text, "These are the sums of o so far along axis 0.");
    memcpy(mine, o, sizeof mine);
    ck_assert(!axes_find(&flat, text));
    // what is whole says nothing
    for (int i = 0; i < ALL; i++)
        ours[i] = o[i] = i * i % 7;
    make_lines(7, 1, ours, mine);
    ck_assert(!axes_find(&x, text));
}
END_TEST

START_TEST(softmax_backward)
{
    static const int n[] = {A, B, C}, strides[] = {B * C, C, 1};
    double ours[ALL], o[ALL], p[ALL], mine[ALL];
    char text[LIKENESS_TEXT], expected[LIKENESS_TEXT];
    draw(ours, ALL, 1);
    draw(o, ALL, 2);
    draw(p, ALL, 3);
    const likeness_other two[] = {{"o", o, false}, {"p", p, false}};
    likeness x = of_shape(3, n, ours, mine);
    x.others = two;
    x.n_others = 2;
    for (int axis = 0; axis < 3; axis++)
        for (int turned = 0; turned < 2; turned++) {
            const double *y = turned ? p : o, *g = turned ? o : p;
            for (int i = 0; i < ALL; i++) {
                int first = i - i / strides[axis] % n[axis] * strides[axis];
                double sum = 0;
                for (int k = 0; k < n[axis]; k++)
                    sum += y[first + k * strides[axis]] * g[first + k * strides[axis]];
                mine[i] = y[i] * (g[i] - sum);
            }
            snprintf(expected, sizeof expected,
                     "These are y (g - sum(y g)), the backward of a softmax, over axis %d, with y "
                     "= %s and g = %s.",
                     axis, turned ? "p" : "o", turned ? "o" : "p");
            ck_assert(axes_find(&x, text));
            ck_assert_str_eq(text, expected);
            mine[ALL - 1] += 1e-6;
            ck_assert(!axes_find(&x, text));
        }
    // an axis of two is one
    likeness pairs = of_shape(2, (int[]){ALL / 2, 2}, ours, mine);
    pairs.others = two;
    pairs.n_others = 2;
    for (int i = 0; i < ALL / 2 * 2; i++)
        mine[i] = o[i] * (p[i] - o[i] * p[i] - o[i ^ 1] * p[i ^ 1]);
    ck_assert(axes_find(&pairs, text));
    ck_assert_str_eq(text, "These are y (g - sum(y g)), the backward of a softmax, over axis 1, "
                           "with y = o and g = p.");
    // an axis of one is no line
    likeness flat = of_shape(2, (int[]){ALL, 1}, ours, mine);
    flat.others = two;
    flat.n_others = 2;
    for (int i = 0; i < ALL; i++)
        mine[i] = o[i] * (p[i] - o[i] * p[i]);
    ck_assert(!axes_find(&flat, text));
}
END_TEST

START_TEST(sums_over_an_axis)
{
    static const int n[] = {A, B, C}, strides[] = {B * C, C, 1};
    static const char *const says[] = {
        "These are the sum of p over axis %d.", "These are the mean of p over axis %d.",
        "These are the largest value of p along axis %d.",
        "These are the length of p (the root of the sum of its squares) over axis %d."};
    double ours[ALL], values[ALL], mine[ALL];
    char text[LIKENESS_TEXT], expected[LIKENESS_TEXT];
    draw(ours, ALL, 1);
    draw(values, ALL, 2);
    beside_piece all[] = {piece_of("q", 2, (int[]){ALL / 2, 2}, ours), piece_of("p", 3, n, values)};
    const beside_pieces beside = {2, all};
    for (int kept = 0; kept < 2; kept++) // the axis, of length 1
        for (int axis = 0; axis < 3; axis++)
            for (int way = 0; way < 4; way++) {
                int shape[3], rank = 0, k = 0;
                for (int a = 0; a < 3; a++)
                    if (a != axis || kept)
                        shape[rank++] = a == axis ? 1 : n[a];
                for (int i = 0; i < ALL; i++) {
                    if (i / strides[axis] % n[axis])
                        continue;
                    double sum = 0, most = -INFINITY, squares = 0;
                    for (int j = 0; j < n[axis]; j++) {
                        double v = values[i + j * strides[axis]];
                        sum += v;
                        most = fmax(most, v);
                        squares += v * v;
                    }
                    const double made[] = {sum, sum / n[axis], most, sqrt(squares)};
                    mine[k++] = made[way];
                }
                likeness x = of_shape(rank, shape, ours, mine);
                snprintf(expected, sizeof expected, says[way], axis);
                ck_assert_msg(axes_reduced(&x, &beside, text), "nothing for '%s'", expected);
                ck_assert_str_eq(text, expected);
                mine[k - 1] += 1e-6;
                ck_assert(!axes_reduced(&x, &beside, text));
            }
    // another shape of as many values
    for (int i = 0; i < B * C; i++)
        mine[i] = values[i] + values[i + B * C] + values[i + 2 * B * C];
    likeness turned = of_shape(2, (int[]){C, B}, ours, mine);
    ck_assert(!axes_reduced(&turned, &beside, text));
    likeness right = of_shape(2, (int[]){B, C}, ours, mine);
    ck_assert(axes_reduced(&right, &beside, text));
    for (int i = 0; i < ALL; i++)
        values[i] = i % 5;
    for (int i = 0; i < B * C; i++)
        mine[i] = values[i] + values[i + B * C] + values[i + 2 * B * C];
    ck_assert(!axes_reduced(&right, &beside, text)); // whole
}
END_TEST

// ---- Matrix products ----

// value [i, j] of a matrix of that many columns, or of its transpose
static double
at(const double *m, int columns, bool turned, int i, int j)
{
    return turned ? m[j * columns + i] : m[i * columns + j];
}

START_TEST(products)
{
    enum { N = 3 };
    static const char *const turned[] = {"", " transposed"};
    double ours[N * N], a[N * N], b[N * N], mine[N * N];
    char text[LIKENESS_TEXT], expected[LIKENESS_TEXT];
    draw(ours, N * N, 1);
    draw(a, N * N, 2);
    draw(b, N * N, 3);
    beside_piece all[] = {piece_of("a", 2, (int[]){N, N}, a), piece_of("b", 2, (int[]){N, N}, b)};
    const beside_pieces beside = {2, all};
    likeness x = of_shape(2, (int[]){N, N}, ours, mine);
    for (int way = 0; way < 4; way++)
        for (int added = 0; added < 4; added++) { // alone, times a number, added, taken away
            for (int i = 0; i < N * N; i++) {
                double sum = 0;
                for (int k = 0; k < N; k++)
                    sum += at(a, N, way & 1, i / N, k) * at(b, N, way & 2, k, i % N);
                mine[i] = added == 0   ? sum
                          : added == 1 ? -0.3 * sum
                          : added == 2 ? ours[i] + sum
                                       : ours[i] - sum;
            }
            const char *says =
                added == 0   ? "These are the values of the matrix product of a%s and b%s."
                : added == 1 ? "These are -0.3 times the matrix product of a%s and b%s."
                : added == 2 ? "These are our values plus the matrix product of a%s and b%s: it is "
                               "added, or added twice."
                             : "These are our values less the matrix product of a%s and b%s: it is "
                               "left out, or taken away once more.";
            snprintf(expected, sizeof expected, says, turned[way & 1], turned[way / 2]);
            ck_assert_msg(product_find(&x, &beside, text), "nothing for '%s'", expected);
            ck_assert_str_eq(text, expected);
            mine[4] += 1e-6;
            ck_assert(!product_find(&x, &beside, text));
        }
    for (int i = 0; i < N * N; i++) { // one in place of another
        mine[i] = ours[i];
        for (int k = 0; k < N; k++)
            mine[i] += b[i / N * N + k] * a[i % N * N + k] - a[i / N * N + k] * b[k * N + i % N];
    }
    ck_assert(product_find(&x, &beside, text));
    ck_assert_str_eq(text, "These are our values with the term the matrix product of a and b "
                           "replaced by the matrix product of b and a transposed.");
    all[1].own = true; // e itself at another step has no part in it
    ck_assert(!product_find(&x, &beside, text));
    for (int i = 0; i < N * N; i++)
        for (int k = mine[i] = 0; k < N; k++)
            mine[i] += a[i / N * N + k] * b[k * N + i % N];
    ck_assert(!product_find(&x, &beside, text));
    all[1].own = false;
    ck_assert(product_find(&x, &beside, text));
    all[0].own = true;
    ck_assert(!product_find(&x, &beside, text));
}
END_TEST

// Of other shapes: a row, matrices side by side, sums over all leading axes; NaN is 0.
START_TEST(products_of_shapes)
{
    double ours[ALL], row[B], m[B * C], left[2 * A * B], right[2 * B * C], mine[ALL] = {0};
    char text[LIKENESS_TEXT];
    draw(ours, ALL, 1);
    draw(row, B, 2);
    draw(m, B * C, 3);
    draw(left, 2 * A * B, 4);
    draw(right, 2 * B * C, 5);
    beside_piece all[] = {piece_of("row", 1, (int[]){B}, row), piece_of("m", 2, (int[]){B, C}, m)};
    beside_pieces beside = {2, all};
    for (int j = 0; j < C; j++)
        for (int k = 0; k < B; k++)
            mine[j] += row[k] * m[k * C + j];
    likeness x = of_shape(1, (int[]){C}, ours, mine);
    ck_assert(product_find(&x, &beside, text));
    ck_assert_str_eq(text, "These are the values of the matrix product of row and m.");
    likeness scalar = {.size = 1, .ours = ours, .mine = mine, .apart = 1e-9};
    ck_assert(!product_find(&scalar, &beside, text));
    all[0] = piece_of("left", 3, (int[]){2, A, B}, left);
    all[1] = piece_of("right", 3, (int[]){2, B, C}, right);
    left[3] = NAN;
    for (int i = 0; i < 2 * A * C; i++) {
        mine[i] = 0;
        for (int k = 0; k < B; k++)
            if (i / C * B + k != 3)
                mine[i] += left[i / C * B + k] * right[i / (A * C) * B * C + k * C + i % C];
    }
    x = of_shape(3, (int[]){2, A, C}, ours, mine);
    ck_assert(product_find(&x, &beside, text));
    ck_assert_str_eq(text, "These are the values of the matrix product of left and right.");
    left[3] = 0.5;
    all[1] = piece_of("right", 3, (int[]){2, A, C}, right);
    for (int i = 0; i < B * C; i++) { // sum over 2 and A
        mine[i] = 0;
        for (int k = 0; k < 2 * A; k++)
            mine[i] += left[k * B + i / C] * right[k * C + i % C];
    }
    x = of_shape(2, (int[]){B, C}, ours, mine);
    ck_assert(product_find(&x, &beside, text));
    ck_assert_str_eq(text,
                     "These are the values of the matrix product of left transposed and right.");
    mine[1] += 1e-6;
    ck_assert(!product_find(&x, &beside, text));
    // as many values, other numbers of rows or columns
    mine[1] -= 1e-6;
    x = of_shape(2, (int[]){C, B}, ours, mine);
    ck_assert(!product_find(&x, &beside, text));
    x = of_shape(3, (int[]){1, B, C}, ours, mine);
    ck_assert(product_find(&x, &beside, text));
    x = of_shape(3, (int[]){B, C, 1}, ours, mine);
    ck_assert(!product_find(&x, &beside, text));
}
END_TEST

// Products of very many terms are not tried: they would take long.
START_TEST(long_products)
{
    enum { LONGEST = 1 << 18 };
    double ours[4] = {1, 2, 3, 4}, mine[4], *a = malloc((2 * LONGEST + 2) * sizeof *a),
           *b = malloc((2 * LONGEST + 2) * sizeof *b);
    char text[LIKENESS_TEXT];
    ck_assert(a && b);
    for (int i = 0; i < 2 * LONGEST + 2; i++) {
        a[i] = i % 7 - 2.5;
        b[i] = i % 11 * 0.25 - 1;
    }
    likeness x = of_shape(2, (int[]){2, 2}, ours, mine);
    for (int more = 0; more < 2; more++) {
        int n = LONGEST + more;
        for (int i = 0; i < 4; i++) {
            mine[i] = 0;
            for (int k = 0; k < n; k++)
                mine[i] += a[i / 2 * n + k] * b[2 * k + i % 2];
        }
        beside_piece all[] = {piece_of("a", 2, (int[]){2, n}, a),
                              piece_of("b", 2, (int[]){n, 2}, b)};
        const beside_pieces beside = {2, all};
        ck_assert(product_find(&x, &beside, text) == !more);
    }
    free(a);
    free(b);
}
END_TEST

// ---- Pieces ----

static entry
entry_of(const char *name, bool input, int rank, const int *n, int axis, int direction,
         double *values)
{
    entry e = {.name = name, .input = input, .axis = axis, .direction = direction, .steps = 1};
    e.ours = (npy){.rank = rank, .size = 1, .values = values};
    for (int a = 0; a < rank; a++)
        e.ours.size *= e.ours.n[a] = n[a];
    if (direction)
        e.steps = n[axis];
    return e;
}

static const beside_piece *
find(const beside_pieces *list, const char *name)
{
    int i = 0;
    while (i < list->n && strcmp(list->all[i].name, name) != 0)
        i++;
    return i < list->n ? &list->all[i] : NULL;
}

START_TEST(pieces_of_a_case)
{
    enum { T = 5 };
    double h[T * 2 * 3], x[T * 2 * 4], w[4 * 3], q[2 * T * 3], odd[T * T], g[T * 2 * 3], s[1] = {2};
    for (int i = 0; i < T * 2 * 4; i++)
        x[i] = i + 0.5;
    for (int i = 0; i < T * 2 * 3; i++) {
        h[i] = 100 + i;
        q[i] = 200 + i;
        g[i] = 300 + i;
    }
    entry all[] = {entry_of("x", true, 3, (int[]){T, 2, 4}, 0, 0, x),
                   entry_of("w", true, 2, (int[]){4, 3}, 0, 0, w),
                   entry_of("q", true, 3, (int[]){2, T, 3}, 0, 0, q),
                   entry_of("odd", true, 2, (int[]){T, T}, 0, 0, odd),
                   entry_of("s", true, 0, NULL, 0, 0, s),
                   entry_of("h", false, 3, (int[]){T, 2, 3}, 0, 1, h),
                   entry_of("g", false, 3, (int[]){T, 2, 3}, 0, -1, g)};
    const reference r = {.n = 7, .all = all};
    const entry *e = &all[5];
    beside_pieces list = beside_find(&r, e, -1);
    ck_assert_int_eq(list.n, 5 + 2 + 3); // h, and g, at the steps around
    const beside_piece *p = find(&list, "h at the step before");
    ck_assert(p && p->own && p->rank == 3 && p->size == T * 6);
    for (int i = 0; i < T * 6; i++)
        ck_assert(i < 6 ? isnan(p->values[i]) : p->values[i] == h[i - 6]);
    p = find(&list, "g at the next step");
    ck_assert(p && !p->own);
    for (int i = 0; i < T * 6; i++)
        ck_assert(i >= (T - 1) * 6 ? isnan(p->values[i]) : p->values[i] == g[i + 6]);
    ck_assert(find(&list, "g") && !find(&list, "h") && find(&list, "w") && find(&list, "s"));
    beside_free(&list);
    list = beside_find(&r, e, 2);
    p = find(&list, "x at the step before");
    ck_assert(p && p->rank == 2 && p->n[0] == 2 && p->n[1] == 4 && p->size == 8 && !p->own);
    ck_assert_double_eq(p->values[0], x[8]);
    ck_assert_double_eq(p->values[7], x[15]);
    p = find(&list, "q"); // its time is its second axis
    ck_assert(p && p->size == 6 && p->n[0] == 2 && p->n[1] == 3);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(p->values[i], q[i / 3 * T * 3 + 2 * 3 + i % 3]);
    p = find(&list, "h at the next step");
    ck_assert(p && p->own);
    ck_assert_double_eq(p->values[5], h[3 * 6 + 5]);
    ck_assert(!find(&list, "h") && find(&list, "g") && find(&list, "w"));
    ck_assert_int_eq(find(&list, "w")->size, 12);
    ck_assert_int_eq(list.n, 4 + 4 + 1 + 4 + 1 + 2 + 3);
    beside_free(&list);
    list = beside_find(&r, e, 0);
    ck_assert(!find(&list, "x at the step before") && find(&list, "x at the next step"));
    ck_assert(find(&list, "w") && find(&list, "s"));
    beside_free(&list);
    list = beside_find(&r, e, T - 1);
    ck_assert(find(&list, "x at the step before") && !find(&list, "x at the next step"));
    beside_free(&list);
    // an input as long along another axis, and along two of them
    all[5] = entry_of("h", false, 3, (int[]){2, T, 3}, 1, 1, h);
    all[6] = entry_of("g", false, 1, (int[]){4}, 0, 1, g);
    list = beside_find(&r, e, 1);
    p = find(&list, "x");
    ck_assert(p && p->size == 8);
    ck_assert_double_eq(p->values[0], x[8]);
    p = find(&list, "odd");
    ck_assert(p && p->size == T);
    ck_assert(find(&list, "g") == NULL); // has another time
    beside_free(&list);
    all[3] = entry_of("odd", true, 3, (int[]){T, 1, T}, 0, 0, odd);
    list = beside_find(&r, e, 1);
    ck_assert_int_eq(find(&list, "odd")->size, T * T);
    beside_free(&list);
    // another axis is its time: no step of it is one of ours
    all[5] = entry_of("h", false, 2, (int[]){T, T}, 0, 1, h);
    all[6] = entry_of("g", false, 2, (int[]){T, T}, 1, 1, g);
    list = beside_find(&r, e, -1);
    ck_assert(find(&list, "g") && !find(&list, "g at the step before"));
    ck_assert(find(&list, "h at the step before") != NULL);
    beside_free(&list);
    // too large, or empty
    double *large = calloc((1 << 14) + 1, sizeof *large);
    all[3] = entry_of("odd", true, 1, (int[]){1 << 14}, 0, 0, large);
    list = beside_find(&r, e, -1);
    ck_assert(find(&list, "odd") != NULL);
    beside_free(&list);
    all[3].ours.size = all[3].ours.n[0] = (1 << 14) + 1;
    all[1].ours.size = 0;
    list = beside_find(&r, e, -1);
    ck_assert(!find(&list, "odd") && !find(&list, "w"));
    beside_free(&list);
    all[5] = entry_of("h", false, 1, (int[]){1 << 14}, 0, 1, large);
    list = beside_find(&r, e, -1);
    ck_assert(find(&list, "x") != NULL);
    beside_free(&list);
    all[5] = entry_of("h", false, 1, (int[]){(1 << 14) + 1}, 0, 1, large);
    list = beside_find(&r, e, -1);
    ck_assert_int_eq(list.n, 0);
    beside_free(&list);
    free(large);
}
END_TEST

static const double *
other(const beside_others *list, const char *name)
{
    int i = 0;
    while (i < list->n && strcmp(list->all[i].name, name) != 0)
        i++;
    return i < list->n ? list->all[i].values : NULL;
}

START_TEST(pieces_beside_a_shape)
{
    double values[64];
    for (int i = 0; i < 64; i++)
        values[i] = i + 0.5;
    beside_piece all[] = {piece_of("last", 1, (int[]){4}, values),
                          piece_of("first", 1, (int[]){2}, values),
                          piece_of("middle", 1, (int[]){3}, values),
                          piece_of("ends", 2, (int[]){2, 4}, values),
                          piece_of("all", 3, (int[]){2, 3, 4}, values),
                          piece_of("gates", 3, (int[]){2, 3, 8}, values),
                          piece_of("bias", 1, (int[]){12}, values),
                          piece_of("more", 4, (int[]){1, 2, 3, 4}, values),
                          piece_of("number", 0, NULL, values),
                          piece_of("none", 1, (int[]){7}, values),
                          piece_of("many", 1, (int[]){17 * 4}, values),
                          piece_of("turned", 2, (int[]){4, 3}, values)};
    all[4].own = true;
    const beside_pieces from = {12, all};
    const int n[] = {2, 3, 4};
    beside_others list = {0};
    beside_add(&list, &from, 3, n);
    static const char *const names[] = {"last", "first", "middle", "ends", "all"};
    for (int k = 0; k < 5; k++)
        ck_assert_msg(other(&list, names[k]) != NULL, "no %s", names[k]);
    for (int i = 0; i < 24; i++) {
        int a = i / 12, b = i / 4 % 3, c = i % 4;
        ck_assert_double_eq(other(&list, "last")[i], values[c]);
        ck_assert_double_eq(other(&list, "first")[i], values[a]);
        ck_assert_double_eq(other(&list, "middle")[i], values[b]);
        ck_assert_double_eq(other(&list, "ends")[i], values[a * 4 + c]);
        ck_assert_double_eq(other(&list, "all")[i], values[i]);
        ck_assert_double_eq(other(&list, "gates's block 1 of 0 to 1")[i],
                            values[(a * 3 + b) * 8 + 4 + c]);
        ck_assert_double_eq(other(&list, "bias's block 2 of 0 to 2")[i], values[8 + c]);
    }
    ck_assert_int_eq(list.n, 5 + 2 + 3);
    for (int i = 0; i < list.n; i++)
        ck_assert(list.all[i].own == (strcmp(list.all[i].name, "all") == 0));
    beside_free_others(&list);
    // the last axes come before the first ones, and these before any
    beside_piece square[] = {piece_of("s", 1, (int[]){2}, values),
                             piece_of("m", 2, (int[]){2, 3}, values)};
    const beside_pieces squares = {2, square};
    list = (beside_others){0};
    beside_add(&list, &squares, 2, (int[]){2, 2});
    ck_assert_double_eq(other(&list, "s")[1], values[1]);
    ck_assert_double_eq(other(&list, "s")[2], values[0]);
    beside_free_others(&list);
    list = (beside_others){0};
    beside_add(&list, &squares, 4, (int[]){2, 3, 2, 5});
    ck_assert_double_eq(other(&list, "m")[10], values[1]);
    ck_assert_double_eq(other(&list, "s")[10], values[0]);
    ck_assert_double_eq(other(&list, "s")[30], values[1]);
    beside_free_others(&list);
    list = (beside_others){0};
    beside_add(&list, &squares, 0, NULL);
    ck_assert_int_eq(list.n, 0);
    beside_free_others(&list);
}
END_TEST

// ---- Sums of terms ----

START_TEST(fits)
{
    enum { N = 10 };
    double values[N][FIT_TERMS], sums[N], by[FIT_TERMS], all[3 * N];
    draw(all, 3 * N, 1);
    for (int k = 0; k < N; k++) {
        for (int i = 0; i < 3; i++)
            values[k][i] = all[3 * k + i];
        sums[k] = 0.5 * values[k][0] - 2 * values[k][1] + 7 * values[k][2];
    }
    ck_assert(fit_find(3, N, values, sums, 0, by));
    ck_assert_double_eq_tol(by[0], 0.5, 1e-12);
    ck_assert_double_eq_tol(by[1], -2, 1e-12);
    ck_assert_double_eq_tol(by[2], 7, 1e-12);
    ck_assert(fit_find(3, 8, values, sums, 0, by));
    ck_assert(!fit_find(3, 7, values, sums, 0, by)); // too few
    ck_assert(!fit_find(2, N, values, sums, 1e-3, by));
    sums[4] += 1e-6;
    ck_assert(!fit_find(3, N, values, sums, 0, by));
    ck_assert(fit_find(3, N, values, sums, 1e-6, by));
    sums[4] = NAN;
    ck_assert(!fit_find(3, N, values, sums, 1, by));
    for (int k = 0; k < N; k++) { // one term is another's double
        values[k][2] = 2 * values[k][0];
        sums[k] = values[k][0];
    }
    ck_assert(!fit_find(3, N, values, sums, 1, by));
    for (int k = 0; k < N; k++) { // rows are exchanged where the first number is small
        values[k][0] = k == 1 ? 1e-3 : 0;
        values[k][1] = all[k];
        values[k][2] = all[N + k];
        sums[k] = 3 * values[k][0] + 4 * values[k][1] - values[k][2];
    }
    ck_assert(fit_find(3, N, values, sums, 0, by));
    ck_assert_double_eq_tol(by[0], 3, 1e-6);
    ck_assert_double_eq_tol(by[2], -1, 1e-9);
    for (int k = 0; k < N; k++) { // nearly so
        values[k][0] = all[k];
        values[k][1] = all[N + k];
        values[k][2] = 2 * all[k] + 5.5e-6 * all[2 * N + k];
        sums[k] = all[k];
    }
    ck_assert(!fit_find(3, N, values, sums, 1e-3, by));
    for (int k = 0; k < N; k++)
        values[k][2] = 2 * all[k] + 5e-4 * all[2 * N + k];
    ck_assert(fit_find(3, N, values, sums, 1e-3, by));
    // one row alone has a term; a row too many is not looked at; the first one counts
    for (int k = 0; k < N; k++) {
        values[k][2] = k == 0;
        sums[k] = all[k] - all[N + k] + 3 * (k == 0);
    }
    ck_assert(fit_find(3, N, values, sums, 0, by));
    sums[N - 1] = 77;
    ck_assert(fit_find(3, N - 1, values, sums, 0, by));
    for (int k = 0; k < N; k++)
        sums[k] = all[k] - all[N + k] + (k == 0 ? 1.9e-6 : 0);
    ck_assert(!fit_find(2, N, values, sums, 1e-6, by));
    ck_assert(fit_find(2, N, values, sums, 2e-6, by));
    // small sums are to be as exact as they are small
    for (int k = 0; k < N; k++)
        sums[k] = 1e-3 * all[k] + (k == 3 ? 8e-9 : 0);
    ck_assert(!fit_find(2, N, values, sums, 0, by));
    double many[N + 5][FIT_TERMS], totals[N + 5],
        more[5 * (N + 5)]; // as many terms as there may be
    draw(more, 5 * (N + 5), 2);
    for (int k = 0; k < N + 5; k++)
        for (int i = totals[k] = 0; i < FIT_TERMS; i++) {
            many[k][i] = more[5 * k + i];
            totals[k] += (i - 1.5) * many[k][i];
        }
    ck_assert(fit_find(FIT_TERMS, N + 5, many, totals, 0, by));
    for (int i = 0; i < FIT_TERMS; i++)
        ck_assert_double_eq_tol(by[i], i - 1.5, 1e-9);
    // as exact as the largest sum lets it be
    for (int k = 0; k < N; k++)
        sums[k] = 1e3 * all[k];
    sums[2] += 0.9e-5 * fabs(all[2]);
    for (int k = 0; k < N; k++)
        values[k][0] = all[k];
    ck_assert(fit_find(1, N, values, sums, 0, by));
    sums[2] += 1e-3;
    ck_assert(!fit_find(1, N, values, sums, 0, by));
    // sums that are all 0 are none of anything, exactly; unless a term is made of the others; what stands beside the
    // terms is not looked at
    for (int k = 0; k < N; k++) {
        sums[k] = 0;
        values[k][1] = all[N + k];
        values[k][2] = NAN;
    }
    ck_assert(fit_find(2, N, values, sums, 0, by));
    ck_assert(by[0] == 0 && by[1] == 0);
    for (int k = 0; k < N; k++)
        values[k][1] = values[k][0];
    ck_assert(!fit_find(2, N, values, sums, 0, by));
}
END_TEST

// ---- Overlaps of boxes ----

static double
overlap(int kind, int under, double plus, const double *d, const double *g)
{
    double a[4], b[4];
    const double *from[] = {d, g};
    double *to[] = {a, b};
    for (int i = 0; i < 2; i++) {
        const double *s = from[i];
        double *t = to[i];
        double left = s[0], top = s[1];
        double w = kind == 3 ? s[3] : s[2], h = kind == 3 ? s[2] : s[3];
        t[0] = kind == 2 ? left - w / 2 : left;
        t[1] = kind == 2 ? top - h / 2 : top;
        t[2] = (kind == 1 ? s[2] : t[0] + w) + plus;
        t[3] = (kind == 1 ? s[3] : t[1] + h) + plus;
    }
    double w = fmin(a[2], b[2]) - fmax(a[0], b[0]), h = fmin(a[3], b[3]) - fmax(a[1], b[1]);
    double both = w > 0 && h > 0 ? w * h : 0;
    double x = (a[2] - a[0]) * (a[3] - a[1]), y = (b[2] - b[0]) * (b[3] - b[1]);
    double around = (fmax(a[2], b[2]) - fmin(a[0], b[0])) * (fmax(a[3], b[3]) - fmin(a[1], b[1]));
    const double all[] = {x + y - both, x + y,       x,           y,     fmax(x, y),
                          fmin(x, y),   (x + y) / 2, sqrt(x * y), around};
    return both / all[under];
}

START_TEST(overlaps)
{
    static const char *const kinds[] = {"", ", of boxes taken for x1, y1, x2, y2",
                                        ", of boxes taken for the centre, width and height",
                                        ", of boxes taken for x, y, height, width"};
    static const char *const unders[] = {"the union",
                                         "the sum of both areas",
                                         "the detection's area",
                                         "the truth's area",
                                         "the larger area",
                                         "the smaller area",
                                         "half the sum of both areas",
                                         "the root of the product of both areas",
                                         "the smallest box around both"};
    enum { D = 7, G = 3 };
    double d[D * 4] = {1,  2, 9, 12, 3, 1,  17, 11, 2,    4,  8, 21, 0, 1,
                       13, 9, 0, 1,  2, 20, 50, 1,  60.5, 30, 1, 60, 9, 90};
    double g[G * 4] = {2, 1, 13, 10, 1, 3, 7, 18, 4, 2, 19, 14}, ours[D * G], mine[D * G];
    entry all[] = {entry_of("dt_box", true, 2, (int[]){D, 4}, 0, 0, d),
                   entry_of("gt_box", true, 2, (int[]){G, 4}, 0, 0, g)};
    reference r = {.n = 2, .all = all};
    char text[LIKENESS_TEXT], expected[LIKENESS_TEXT];
    draw(ours, D * G, 1);
    likeness x = of_shape(2, (int[]){D, G}, ours, mine);
    for (int kind = 0; kind < 4; kind++)
        for (int under = 0; under < 9; under++)
            for (int plus = 0; plus < 2; plus++) {
                for (int i = 0; i < D * G; i++)
                    mine[i] = overlap(kind, under, plus, d + i / G * 4, g + i % G * 4);
                snprintf(expected, sizeof expected, "These are the overlaps over %s%s%s.",
                         unders[under], kinds[kind], plus ? ", with 1 added to every side" : "");
                ck_assert_msg(overlap_find(&r, &x, text), "nothing for '%s'", expected);
                ck_assert_str_eq(text, expected);
                mine[5] += 1e-6;
                ck_assert(!overlap_find(&r, &x, text));
            }
    for (int i = 0; i < D * G; i++)
        mine[i] = overlap(0, 0, 0, d + i / G * 4, g + i % G * 4);
    x = of_shape(2, (int[]){G, D}, ours, mine);
    ck_assert(!overlap_find(&r, &x, text));
    x = of_shape(1, (int[]){D * G}, ours, mine);
    ck_assert(!overlap_find(&r, &x, text));
    x = of_shape(3, (int[]){D, G, 1}, ours, mine);
    ck_assert(!overlap_find(&r, &x, text));
    x = of_shape(2, (int[]){D, G}, ours, mine);
    entry only_found[] = {all[1], all[0]}; // what stands before the case's tensors is none of them
    reference without_truths = {.n = 1, .all = only_found + 1};
    ck_assert(!overlap_find(&without_truths, &x, text));
    entry turned[] = {all[1], all[0]};
    reference other_order = {.n = 2, .all = turned};
    ck_assert(overlap_find(&other_order, &x, text));
    ck_assert_str_eq(text, "These are the overlaps over the union.");
    ck_assert(overlap_find(&r, &x, text));
    all[0].name = "boxes";
    ck_assert(!overlap_find(&r, &x, text));
    all[0].name = "dt_box";
    all[1].name = "boxes";
    ck_assert(!overlap_find(&r, &x, text));
    all[1].name = "gt_box";
    // all boxes as large: two formulas give these numbers, or, of squares, more than three
    for (int i = 0; i < D * 4; i++)
        d[i] = i % 4 > 1 ? 6 + i % 2 : i * i % 3;
    for (int i = 0; i < G * 4; i++)
        g[i] = i % 4 > 1 ? 6 + i % 2 : i * i % 5 * 0.7;
    for (int i = 0; i < D * G; i++)
        mine[i] = overlap(0, 1, 0, d + i / G * 4, g + i % G * 4);
    ck_assert(overlap_find(&r, &x, text));
    ck_assert_str_eq(text, "These are the overlaps over the sum of both areas; or over the sum of "
                           "both areas, of boxes taken for the centre, width and height.");
    for (int i = 0; i < D * G; i++)
        mine[i] = overlap(0, 2, 0, d + i / G * 4, g + i % G * 4);
    ck_assert(!overlap_find(&r, &x, text));
}
END_TEST

TEST_MAIN("measures", lines, softmax_backward, sums_over_an_axis, products, products_of_shapes,
          long_products, pieces_of_a_case, pieces_beside_a_shape, fits, overlaps)
