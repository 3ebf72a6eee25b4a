// Chapter checkpointing: the same bits as the plain tape for every schedule, the number of evaluations and the peak of
// each, Revolve against dynamic programming and a search over all schedules, plans against all cuts.
#include "checkpointing/checkpointing.h"
#include "checkpointing/own.h"
#include "checkpointing/plan.h"

#include "frame/program.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "test.h"
#include "test_tensors.h"
#include "transformer/transformer.h"

#include <math.h>
#include <string.h>

enum { N = 10, B = 3, D = 5 };

static tensor *w[N], *b[N];
static long evaluations;

static void
setup(void)
{
    rng r = rng_at(1, 0);
    tape_poison(true);
    evaluations = 0;
    for (int i = 0; i < N; i++) {
        w[i] = test_param("w", SHAPE(D, D), &r, 0.5f);
        b[i] = test_param("b", SHAPE(D), &r, 0.5f);
    }
}

static void
teardown(void)
{
    tensors_free();
}

// x + tanh(x W^T + b), with a mask from a generator at step i where the context asks for it.
static tensor *
step(tensor *x, int i, void *context)
{
    evaluations++;
    tensor *y = t_tanh(t_linear(x, w[i], b[i]));
    if (context) {
        float mask[B * D];
        rng r = rng_at(7, i);
        for (int k = 0; k < B * D; k++)
            mask[k] = rng_uniform(&r) < 0.5f ? 2 : 0;
        y = t_mul(y, constant("mask", y->shape, mask));
    }
    return t_add(x, y);
}

static void
begin(void)
{
    tape_reset();
    zero_grad();
    evaluations = 0;
}

// ---- Chains ----

START_TEST(segments_begin)
{
    for (int n = 1; n < 20; n++)
        for (int K = 1; K <= n; K++) {
            ck_assert_int_eq(checkpointing_first(n, K, 0), 0);
            ck_assert_int_eq(checkpointing_first(n, K, K), n);
            for (int k = 0; k < K; k++) {
                int size = checkpointing_first(n, K, k + 1) - checkpointing_first(n, K, k);
                ck_assert(size == n / K || size == n / K + 1);
                ck_assert_int_eq(size, n / K + (k < n % K));
            }
        }
}
END_TEST

START_TEST(same_bits)
{
    rng r = rng_at(2, 0);
    tensor *x = test_param("x", SHAPE(B, D), &r, 1);
    float dout[B * D], dx[B * D];
    rng_fill_normal(&r, B * D, dout, 0, 1);
    for (int masks = 0; masks < 2; masks++) {
        for (int n = 1; n <= N; n++) {
            checkpointing_chain c = {n, step, masks ? &r : NULL};
            begin();
            backward_from(checkpointing_plain(&c, x), dout);
            uint64_t plain = test_gradient_hash();
            float want[B * D];
            memcpy(want, x->grad, sizeof want);
            ck_assert_int_eq(evaluations, n);
            for (int K = 1; K <= n; K++) {
                begin();
                backward_from(checkpointing_segments(&c, K, x), dout);
                ck_assert(test_gradient_hash() == plain);
                ck_assert_int_eq(evaluations, 2 * n);
            }
            for (int s = 1; s <= 5; s++) {
                begin();
                backward_from(checkpointing_nested(&c, s, x), dout);
                ck_assert(test_gradient_hash() == plain);
                ck_assert_int_eq(evaluations, n + checkpointing_evaluations(n, s));
                begin();
                checkpointing_revolve(&c, s, x, dout, dx);
                ck_assert_int_eq(memcmp(dx, want, sizeof dx), 0);
                memcpy(x->grad, dx, sizeof dx);
                ck_assert(test_gradient_hash() == plain);
                ck_assert_int_eq(evaluations, n + checkpointing_evaluations(n, s));
            }
        }
    }
    checkpointing_chain c = {3, step, NULL};
    REFUSED(checkpointing_segments(&c, 4, x),
            "checkpointing_segments: 4 segments of 3 steps; expected 1 to 3");
    REFUSED(checkpointing_segments(&c, 0, x),
            "checkpointing_segments: 0 segments of 3 steps; expected 1 to 3");
}
END_TEST

// The peak in states of a chain of tanh layers: 2 at each segment's end and 4 for each step of the largest; 6 for one
// step of Revolve.
static tensor *
tanh_step(tensor *x, int i, void *context)
{
    (void)context;
    return t_tanh(t_linear(x, w[i], b[i]));
}

START_TEST(peaks)
{
    enum { ROWS = 4000, STATE = ROWS * D * 4, NODE = 1500 }; // bytes
    for (int K = 0; K <= N; K++) {
        tensors_free();
        setup();
        tensor *x = param("x", SHAPE(ROWS, D));
        checkpointing_chain c = {N, tanh_step, NULL};
        tensor *y = K ? checkpointing_segments(&c, K, x) : checkpointing_plain(&c, x);
        backward_from(y, y->data);
        double states = K ? 2 * K + 4 * ((N + K - 1) / K) : 4 * N,
               extra = tape_peak() - states * STATE;
        ck_assert_double_ge(extra, 0);
        ck_assert_double_le(extra, 3 * N * NODE);
    }
    for (int s = 1; s < 4; s++) {
        tensors_free();
        setup();
        tensor *x = param("x", SHAPE(ROWS, D));
        checkpointing_chain c = {N, tanh_step, NULL};
        checkpointing_revolve(&c, s, x, x->data, x->grad);
        ck_assert_double_ge(tape_peak(), 6.0 * STATE);
        ck_assert_double_le(tape_peak(), 6.0 * STATE + N * NODE);
        ck_assert_uint_le(tape_used(), 100 * NODE);
    }
}
END_TEST

static tensor *
forgets(tensor *x, int i, void *context)
{
    (void)context;
    return t_add(constant("zeros", x->shape, NULL), t_broadcast(b[i], x->shape));
}

START_TEST(chains_refused)
{
    tensor *x = param("x", SHAPE(B, D));
    checkpointing_chain c = {2, forgets, NULL};
    REFUSED((checkpointing_revolve(&c, 1, x, x->data, x->grad), 0),
            "checkpointing_revolve: step 1 does not depend on its state");
    REFUSED(checkpointing_evaluations(2, 0),
            "checkpointing: 2 steps with 0 slots; expected a step and a slot at least");
    REFUSED(checkpointing_schedule(0, 2, NULL),
            "checkpointing: 0 steps with 2 slots; expected a step and a slot at least");
}
END_TEST

// The first state is used inside, where it has two uses, and after: the order of the sum shows in the bits.
START_TEST(used_after)
{
    rng r = rng_at(5, 0);
    tensor *x = test_param("x", SHAPE(B, D), &r, 1);
    uint64_t hash[4];
    for (int kind = 0; kind < 4; kind++) {
        const checkpointing_chain c = {6, step, NULL};
        begin();
        tensor *y = kind == 0   ? checkpointing_plain(&c, x)
                    : kind == 1 ? checkpointing_segments(&c, 1, x)
                    : kind == 2 ? checkpointing_segments(&c, 3, x)
                                : checkpointing_nested(&c, 2, x);
        backward(t_sum(t_mul(y, t_tanh(x))));
        hash[kind] = test_gradient_hash();
    }
    for (int kind = 1; kind < 4; kind++)
        ck_assert(hash[kind] == hash[0]);
}
END_TEST

// A generator and a mode in the context.
typedef struct {
    int training;
    rng random;
} mode;

static tensor *
with_dropout(tensor *const in[], void *context)
{
    mode *m = context;
    float mask[B * D];
    for (int k = 0; k < B * D; k++)
        mask[k] = rng_uniform(&m->random) < 0.5f && m->training ? 0 : 2;
    return t_mul(t_tanh(t_linear(in[0], w[0], b[0])), constant("mask", SHAPE(B, D), mask));
}

START_TEST(dropout)
{
    rng r = rng_at(6, 0);
    tensor *x = test_param("x", SHAPE(B, D), &r, 1);
    mode m = {1, rng_at(6, 1)}, used = m, before;
    memcpy(&before, &m, sizeof m);
    begin();
    backward(t_sum(with_dropout(&x, &used)));
    uint64_t plain = test_gradient_hash();
    begin();
    backward(t_sum(t_recompute(with_dropout, 1, &x, &m, sizeof m)));
    ck_assert(test_gradient_hash() == plain);
    ck_assert_int_eq(memcmp(&m, &before, sizeof m), 0); // the caller's generator has not moved
}
END_TEST

START_TEST(best_number_of_segments)
{
    for (int n = 1; n < 70; n++)
        for (int a = 1; a < 9; a++)
            for (int e = 1; e < 9; e++) {
                int best = checkpointing_best_segments(n, a, e), least = 1 << 30;
                for (int K = n; K > 0; K--) {
                    int largest = 0;
                    for (int k = 0; k < K; k++) {
                        int size = checkpointing_first(n, K, k + 1) - checkpointing_first(n, K, k);
                        largest = size > largest ? size : largest;
                    }
                    ck_assert_int_eq(checkpointing_segments_peak(n, a, e, K), e * K + a * largest);
                    least = fmin(least, e * K + a * largest);
                    if (K < best)
                        ck_assert_int_gt(e * K + a * largest,
                                         checkpointing_segments_peak(n, a, e, best));
                }
                ck_assert_int_eq(checkpointing_segments_peak(n, a, e, best), least);
            }
}
END_TEST

// ---- Revolve ----

enum { STEPS = 130, SLOTS = 9 };

START_TEST(dynamic_programming)
{
    static long t[STEPS][SLOTS];
    for (int s = 1; s < SLOTS; s++)
        for (int l = 1; l < STEPS; l++) {
            t[l][s] = l == 1 ? 0 : l * (l - 1L) / 2;
            int first = l - 1;
            for (int k = l - 1; l > 1 && s > 1 && k > 0; k--) {
                long cost = k + t[l - k][s - 1] + t[k][s];
                if (cost <= t[l][s]) {
                    t[l][s] = cost;
                    first = k;
                }
            }
            ck_assert_int_eq(checkpointing_evaluations(l, s), t[l][s]);
            if (l > 1)
                ck_assert_int_eq(checkpointing_split(l, s), first);
        }
    ck_assert_int_eq(checkpointing_evaluations(1, 0), 0);
    ck_assert_int_eq(checkpointing_evaluations(1000, 1000), 999);
    ck_assert_int_eq(checkpointing_repetitions(1, 5), 0);
    ck_assert_int_eq(checkpointing_repetitions(70, 4), 4);
    ck_assert_int_eq(checkpointing_repetitions(71, 4), 5);
    ck_assert_int_eq(checkpointing_repetitions(3432, 7), 7);
    ck_assert_int_eq(checkpointing_repetitions(3433, 7), 8);
    ck_assert_int_eq(checkpointing_repetitions(2704156, 12), 12);
    ck_assert_int_eq(checkpointing_repetitions(2704157, 12), 13);
}
END_TEST

// The least number of advances over all schedules: states (stored set, present state, steps left), by breadth-first
// search in which only an advance costs.
enum { SEARCHED = 11 };

static long
searched(int l, int s)
{
    enum { STATES = (1 << SEARCHED) * SEARCHED * (SEARCHED + 1) };
    static int cost[STATES], now[2 * STATES], next[2 * STATES];
    int n = 0, m = 0;
    memset(cost, -1, sizeof cost);
#define AT(set, at, left) (((set)*SEARCHED + (at)) * (SEARCHED + 1) + (left))
#define VISIT(set, at, left)        \
    do {                            \
        int to = AT(set, at, left); \
        if (cost[to] < 0) {         \
            cost[to] = price;       \
            now[n++] = to;          \
        }                           \
    } while (0)
    int price = 0;
    VISIT(1, 0, l);
    for (;; price++) {
        for (int i = 0; i < n; i++) { // what costs nothing
            int left = now[i] % (SEARCHED + 1), at = now[i] / (SEARCHED + 1) % SEARCHED;
            int set = now[i] / (SEARCHED + 1) / SEARCHED;
            if (left == 0)
                return price;
            if (__builtin_popcount(set) < s)
                VISIT(set | 1 << at, at, left);
            for (int k = 0; k < l; k++)
                if (set >> k & 1) {
                    VISIT(set, k, left);
                    VISIT(set & ~(1 << k), at, left);
                }
            if (at == left - 1)
                VISIT(set, at, left - 1);
        }
        m = 0;
        for (int i = 0; i < n; i++) { // an advance
            int left = now[i] % (SEARCHED + 1), at = now[i] / (SEARCHED + 1) % SEARCHED;
            if (at + 1 < l)
                next[m++] = now[i] + (AT(0, 1, 0) - AT(0, 0, 0)) + 0 * left;
        }
        n = 0;
        for (int i = 0; i < m; i++)
            if (cost[next[i]] < 0) {
                cost[next[i]] = price + 1;
                now[n++] = next[i];
            }
    }
}

START_TEST(all_schedules)
{
    for (int l = 1; l <= SEARCHED; l++)
        for (int s = 1; s < 5; s++)
            ck_assert_int_eq(searched(l, s), checkpointing_evaluations(l, s));
}
END_TEST

// A schedule reverses every step once, from the last on, from where it is, and holds s states at most.
START_TEST(schedules)
{
    for (int l = 1; l <= 40; l++)
        for (int s = 1; s <= 6; s++) {
            checkpointing_action a[200];
            int stored[10], used = 0, at = 0, left = l, advances = 0, visits[40] = {0};
            int n = checkpointing_schedule(l, s, a);
            ck_assert_int_eq(n, checkpointing_schedule(l, s, NULL));
            ck_assert_int_le(n, 3 * l);
            for (int i = 0; i < n; i++)
                switch (a[i].kind) {
                case CHECKPOINTING_STORE:
                    ck_assert_int_eq(a[i].from, at);
                    ck_assert_int_eq(a[i].to, at);
                    stored[used++] = at;
                    ck_assert_int_le(used, s);
                    break;
                case CHECKPOINTING_ADVANCE:
                    ck_assert_int_eq(a[i].from, stored[used - 1]);
                    for (at = a[i].from; at < a[i].to; at++, advances++)
                        visits[at]++;
                    break;
                default:
                    if (stored[used - 1] == a[i].from)
                        at = stored[--used];
                    ck_assert_int_eq(a[i].from, at);
                    ck_assert_int_eq(a[i].to, left--);
                    ck_assert_int_eq(a[i].from, left);
                }
            ck_assert_int_eq(left, 0);
            ck_assert_int_eq(used, 0);
            ck_assert_int_eq(advances, checkpointing_evaluations(l, s));
            for (int i = 0; i < l; i++)
                ck_assert_int_le(visits[i], checkpointing_repetitions(l, s));
        }
}
END_TEST

// ---- Attention ----

START_TEST(selective)
{
    enum { SEQUENCES = 2, T = 4, HEADS = 3, WIDTH = 5 };
    rng r = rng_at(3, 0);
    tensor *x[3];
    float dout[SEQUENCES * T * HEADS * WIDTH];
    for (int i = 0; i < 3; i++)
        x[i] = test_param("x", SHAPE(SEQUENCES, T, HEADS, WIDTH), &r, 1);
    rng_fill_normal(&r, x[0]->size, dout, 0, 1);
    for (int masked = 0; masked < 2; masked++) {
        begin();
        bool *mask = masked ? transformer_causal_mask(SEQUENCES, T, T) : NULL;
        tensor *plain = transformer_attention(x[0], x[1], x[2], mask, NULL);
        size_t used = tape_used();
        backward_from(plain, dout);
        uint64_t want = test_gradient_hash();
        float value = plain->data[7];
        begin();
        mask = masked ? transformer_causal_mask(SEQUENCES, T, T) : NULL;
        tensor *again = checkpointing_attention(x[0], x[1], x[2], mask, NULL);
        ck_assert_float_eq(again->data[7], value);
        ck_assert_uint_lt(tape_used(), used);
        backward_from(again, dout);
        ck_assert(test_gradient_hash() == want);
    }
}
END_TEST

// The list against what a layer of chapter transformer leaves on the tape.
START_TEST(layer_values)
{
    enum { SEQUENCES = 5, T = 7, WIDTH = 12, HEADS = 3, HIDDEN = 20 };
    rng r = rng_at(3, 1);
    const transformer_config c = {.D = WIDTH,
                                  .h = HEADS,
                                  .F = HIDDEN,
                                  .placement = TRANSFORMER_PRE_NORM,
                                  .activation = t_relu};
    transformer_layer l = transformer_layer_new(&c, false, &r);
    checkpointing_op ops[CHECKPOINTING_OPS];
    checkpointing_layer_values(SEQUENCES, T, WIDTH, HEADS, HIDDEN, ops);
    begin();
    tensor *x = constant("x", SHAPE(SEQUENCES, T, WIDTH), NULL);
    const tensor *y = transformer_layer_forward(&l, x, NULL, NULL, NULL, NULL);
    int i = CHECKPOINTING_OPS;
    for (; y; y = y->previous) {
        long kept = 0;
        if (y->base)
            continue; // a view
        for (const tensor *k = y->kept; k; k = k->next)
            kept += k->size;
        ck_assert_int_gt(i--, 0);
        ck_assert_int_eq(ops[i].out, y->size);
        ck_assert_int_eq(ops[i].kept, kept);
    }
    ck_assert_int_eq(i, 0);
    ck_assert_str_eq(ops[4].op, "attention");
}
END_TEST

// ---- Plans ----

START_TEST(all_cuts)
{
    enum { LAYERS = 9 };
    for (int seed = 0; seed < 20; seed++) {
        checkpointing_layer layer[LAYERS];
        checkpointing_plan plans[LAYERS + 1];
        rng r = rng_at(4, seed);
        for (int i = 0; i < LAYERS; i++)
            layer[i] = (checkpointing_layer){1 + rng_below(&r, 50), 1 + rng_below(&r, 9),
                                             1 + rng_below(&r, 5)};
        checkpointing_plans(LAYERS, layer, plans);
        double least = INFINITY;
        for (int again = 0; again <= LAYERS; again++) {
            double best = INFINITY, seconds = 0;
            for (int cuts = 0; cuts < 1 << LAYERS; cuts++) {
                bool cut[LAYERS];
                for (int i = 0; i < LAYERS; i++)
                    cut[i] = cuts >> i & 1;
                if (cuts >> again || (again && !cut[again - 1]))
                    continue;
                // Written once more: the tape of what is kept, the ends, the largest segment.
                double peak = 0, largest = 0, segment = 0;
                for (int i = 0; i < LAYERS; i++) {
                    segment = i < again ? segment + layer[i].tape : 0;
                    peak += i < again ? cut[i] * 2 * layer[i].out : layer[i].tape;
                    largest = fmax(largest, segment);
                    segment = cut[i] ? 0 : segment;
                }
                ck_assert_double_eq(checkpointing_peak(LAYERS, layer, again, cut), peak + largest);
                best = fmin(best, peak + largest);
            }
            for (int i = 0; i < again; i++)
                seconds += layer[i].seconds;
            bool cut[LAYERS];
            ck_assert_int_eq(plans[again].again, again);
            ck_assert_double_eq(plans[again].peak, best);
            ck_assert_double_eq(plans[again].seconds, seconds);
            checkpointing_cuts(LAYERS, layer, &plans[again], cut);
            ck_assert_double_eq(checkpointing_peak(LAYERS, layer, again, cut), best);
            least = fmin(least, best);
        }
        ck_assert_double_eq(checkpointing_smallest(LAYERS, plans)->peak, least);
        ck_assert_ptr_null(checkpointing_fitting(LAYERS, plans, least - 1));
        const checkpointing_plan *p = checkpointing_fitting(LAYERS, plans, least + 30);
        ck_assert_double_le(p->peak, least + 30);
        for (int i = 0; i < p->again; i++)
            ck_assert_double_gt(plans[i].peak, least + 30);
        ck_assert_int_eq(checkpointing_fitting(LAYERS, plans, 1e9)->again, 0);
    }
}
END_TEST

// ---- The reader's own network ----

// Equal plans are told apart by their peak; a peak that is just the memory fits.
START_TEST(plans_that_fit)
{
    const checkpointing_plan plans[] = {
        {0, 100, 0, 0}, {1, 90, 2, 0}, {2, 70, 2, 0}, {3, 60, 5, 0}};
    ck_assert_ptr_eq(checkpointing_fitting(3, plans, 100), &plans[0]);
    ck_assert_ptr_eq(checkpointing_fitting(3, plans, 99), &plans[2]);
    ck_assert_ptr_eq(checkpointing_fitting(3, plans, 60), &plans[3]);
    ck_assert_ptr_null(checkpointing_fitting(3, plans, 59));
    ck_assert_ptr_eq(checkpointing_smallest(3, plans), &plans[3]);
    // One segment is best here, and its tape's sum depends on its order in the last bit.
    const checkpointing_layer layers[] = {{0.3, 10, 1}, {0.2, 10, 1}, {0.1, 10, 1}};
    checkpointing_plan least[4];
    checkpointing_plans(3, layers, least);
    ck_assert_double_eq_tol(least[3].peak, 20.6, 1e-12);
}
END_TEST

static const char six_layers[] = "name\ttape\tout\ttime\n"
                                 "patches\t40e6\t8e6\t0.4\n"
                                 "block1\t320e6\t8e6\t2.4\n"
                                 "block2\t320e6\t8e6\t2.4\n"
                                 "block3\t320e6\t8e6\t2.4\n"
                                 "block4\t320e6\t8e6\t2.4\n"
                                 "head\t30e6\t1e3\t0.2\n";

static void
begin_program(void)
{
    test_folder();
    program_begin("trial", (program_option[]){{0}}, 3, (char *[]){"trial", "--out", "out", NULL});
}

// What is printed for the layers of a file, under `memory`.
static void
check_said(const char *file, size_t size, const char *memory, const char *said)
{
    test_write("layers.tsv", file, size);
    ck_assert_ptr_nonnull(freopen("said", "w", stdout));
    checkpointing_own_costs("layers.tsv", memory);
    fflush(stdout);
    test_holds("said", said);
}

// The example of the text; and small layers, two of them in a segment.
START_TEST(own_costs)
{
    begin_program();
    check_said(
        six_layers, sizeof six_layers - 1, "800e6",
        "layers.tsv: 6 layers; kept whole 1350000000 bytes, at the least 400002000 "
        "(plans.tsv has all).\n"
        "Compute 4 of 6 layers again: 734000000 bytes at the most, 7.6 more time. Segments:\n"
        "  patches\n  block1\n  block2\n  block3\n");
    test_holds("out/plans.tsv", "again\tpeak\ttime\n"
                                "0\t1350000000\t0\n"
                                "1\t1366000000\t0.40000000000000002\n"
                                "2\t1342000000\t2.7999999999999998\n"
                                "3\t1038000000\t5.1999999999999993\n"
                                "4\t734000000\t7.5999999999999996\n"
                                "5\t430000000\t10\n"
                                "6\t400002000\t10.199999999999999\n");
    check_said(six_layers, sizeof six_layers - 1, "1350e6",
               "layers.tsv: 6 layers; kept whole 1350000000 bytes, at the least 400002000 "
               "(plans.tsv has all).\nKeep everything: 1350000000 bytes.\n");
    const char four[] =
        "time\tname\tout\ttape\n1\ta\t8\t10\n1\tb\t1\t10\n1\tc\t8\t10\n1\td\x1b\t1\t10\n";
    check_said(four, sizeof four - 1, NULL,
               "layers.tsv: 4 layers; kept whole 40 bytes, at the least 24 (plans.tsv has all).\n"
               "Compute 4 of 4 layers again: 24 bytes at the most, 4 more time. Segments:\n"
               "  a .. b\n  c .. d\\x1b\n");
}
END_TEST

static void
check_layers(const char *text, const char *told)
{
    table_data t;
    int n;
    REFUSED(checkpointing_own_parse(text, strlen(text), "f", &t, &n), told);
}

START_TEST(own_costs_refused)
{
    char many[5000] = "name\ttape\tout\ttime\n";
    table_data t;
    int n;
    check_layers("", "f: no header line");
    check_layers("name\ttape\tout\n", "f:1: no column 'time'; there are: name, tape, out");
    check_layers("layer\ttape\tout\ttime\n",
                 "f:1: no column 'name'; there are: layer, tape, out, time");
    check_layers("name\ttape\tout\ttime\n", "f: 0 layers; expected 1 to 256");
    check_layers("name\ttape\tout\ttime\na\t1\t1\t1\nb\t1\t-2\t1\n",
                 "f:3: out is -2; expected a number from 0 to 1e+15");
    check_layers("name\ttape\tout\ttime\na\tnan\t1\t1\n",
                 "f:2: tape is nan; expected a number from 0 to 1e+15");
    check_layers("name\ttape\tout\ttime\na\t1\t1\t2e15\n",
                 "f:2: time is 2e+15; expected a number from 0 to 1e+15");
    check_layers("name\ttape\tout\ttime\na\t1\t1\tfast\n",
                 "f:2: 'fast' in column time is no number");
    for (int i = 0; i < 256; i++)
        strcat(many, "l\t1\t0\t1e15\n");
    checkpointing_layer *layers = checkpointing_own_parse(many, strlen(many), "f", &t, &n);
    ck_assert_int_eq(n, 256);
    ck_assert_double_eq(layers[255].tape, 1);
    ck_assert_double_eq(layers[255].out, 0);
    ck_assert_double_eq(layers[255].seconds, 1e15);
    free(layers);
    table_free(&t);
    check_layers(strcat(many, "l\t1\t0\t1\n"), "f: 257 layers; expected 1 to 256");
    begin_program();
    test_write("layers.tsv", six_layers, sizeof six_layers - 1);
    REFUSED((checkpointing_own_costs("layers.tsv", "400e6"), 0),
            "--memory 400e6: no plan fits; the least is 400002000 bytes");
    REFUSED((checkpointing_own_costs("layers.tsv", "0"), 0),
            "--memory 0: expected a number from 1 to 1e+15");
    REFUSED((checkpointing_own_costs("layers.tsv", "12 MB"), 0),
            "--memory 12 MB: expected a number from 1 to 1e+15");
}
END_TEST

TEST_MAIN_WITH("checkpointing", setup, teardown, segments_begin, same_bits, used_after, dropout,
               peaks, chains_refused, best_number_of_segments, dynamic_programming, all_schedules,
               schedules, selective, layer_values, all_cuts, plans_that_fit, own_costs,
               own_costs_refused)
