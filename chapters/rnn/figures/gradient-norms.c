// How much of a gradient is left after k steps back through time, in nets that are not trained: powers that are known
// exactly (linear nets, the cell of an LSTM), and tanh nets, where the input decides. Beside it the Lyapunov exponents,
// which explain the tanh nets.
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "rnn/figures/figures.h"
#include "rnn/rnn.h"

#include <stdbool.h>
#include <string.h>

enum { SEED = 11, UNITS = 64, LAGS = 100, WARM_UP = 200, EXPONENT_STEPS = 2000, DRIVES = 8 };

// A net h(t) = tanh(rho Q h(t-1) + input N(0, 1)) or its linear form, with an orthogonal Q.
typedef struct {
    const char *name;
    bool linear;
    double rho, input;
} recurrence;

static const recurrence nets[] = {
    {"linear_0.9", true, 0.9, 0},       {"linear_1", true, 1, 0},
    {"linear_1.1", true, 1.1, 0},       {"tanh_1_free", false, 1, 0},
    {"tanh_1_weak", false, 1, 0.1},     {"tanh_1_strong", false, 1, 1},
    {"tanh_1.5_free", false, 1.5, 0},   {"tanh_1.5_weak", false, 1.5, 0.1},
    {"tanh_1.5_strong", false, 1.5, 1},
};

// The cells of two LSTMs with a constant forget gate.
static const struct {
    const char *name;
    double forget;
} cells[] = {{"lstm_0.9", 0.9}, {"lstm_0.99", 0.99}};

enum { NETS = sizeof nets / sizeof *nets, CELLS = sizeof cells / sizeof *cells };

// What was measured of a net or a cell.
typedef struct {
    const char *name;
    double norm[LAGS + 1];   // |dh_T/dh_{T-k}| or |dc_T/dc_{T-k}| at lag k
    stats_estimate exponent; // the largest Lyapunov exponent, of nets only
} measurement;

// q: a random orthogonal matrix, uniform over all of them.
static void
random_orthogonal(rng *r, double q[UNITS][UNITS])
{
    static double normal[UNITS][UNITS], upper[UNITS][UNITS];
    for (int i = 0; i < UNITS; i++)
        for (int j = 0; j < UNITS; j++)
            normal[i][j] = rng_normal(r);
    linalg_qr(UNITS, UNITS, normal[0], q[0], upper[0]);
}

// One step of h <- tanh(W h + input) or, where the net is linear, h <- W h + input; slope: dh/da.
static void
advance(double w[UNITS][UNITS], const recurrence *net, rng *r, double h[UNITS], double slope[UNITS])
{
    double a[UNITS];
    for (int i = 0; i < UNITS; i++) {
        a[i] = net->input > 0 ? net->input * rng_normal(r) : 0;
        for (int j = 0; j < UNITS; j++)
            a[i] += w[i][j] * h[j];
    }
    for (int i = 0; i < UNITS; i++) {
        h[i] = net->linear ? a[i] : tanh64(a[i]);
        slope[i] = net->linear ? 1 : 1 - h[i] * h[i];
    }
}

// norm[k]: the root mean square of the singular values of dh_T/dh_{T-k} = D_T W ... D_{T-k+1} W, that is
// its Frobenius norm divided by sqrt(UNITS).
static void
jacobian_norms(double w[UNITS][UNITS], const recurrence *net, rng *r, double norm[LAGS + 1])
{
    static double slope[LAGS][UNITS], product[UNITS][UNITS], next[UNITS][UNITS];
    double h[UNITS], unused[UNITS];
    for (int i = 0; i < UNITS; i++)
        h[i] = rng_normal(r);
    for (int t = 0; t < WARM_UP; t++)
        advance(w, net, r, h, unused);
    for (int t = 0; t < LAGS; t++)
        advance(w, net, r, h, slope[t]);
    for (int i = 0; i < UNITS; i++)
        for (int j = 0; j < UNITS; j++)
            product[i][j] = i == j;
    norm[0] = 1;
    for (int k = 1; k <= LAGS; k++) {
        // The product grows at its right end: by D W of one step further back.
        double square = 0;
        memset(next, 0, sizeof next);
        for (int i = 0; i < UNITS; i++)
            for (int l = 0; l < UNITS; l++) {
                double factor = product[i][l] * slope[LAGS - k][l];
                for (int j = 0; j < UNITS; j++)
                    next[i][j] += factor * w[l][j];
            }
        for (int i = 0; i < UNITS; i++)
            for (int j = 0; j < UNITS; j++)
                square += next[i][j] * next[i][j];
        memcpy(product, next, sizeof next);
        norm[k] = sqrt64(square / UNITS);
    }
}

// The largest Lyapunov exponent: the mean of ln(|J v| / |v|) over many steps of a tangent v that is
// scaled back to length 1 after each.
static double
lyapunov_exponent(double w[UNITS][UNITS], const recurrence *net, rng *r)
{
    double h[UNITS], slope[UNITS], v[UNITS], sum = 0;
    for (int i = 0; i < UNITS; i++) {
        h[i] = rng_normal(r);
        v[i] = 1 / sqrt64(UNITS);
    }
    int steps = program_steps(EXPONENT_STEPS, 50);
    for (int t = -WARM_UP; t < steps; t++) {
        double next[UNITS], square = 0;
        advance(w, net, r, h, slope);
        for (int i = 0; i < UNITS; i++) {
            next[i] = 0;
            for (int j = 0; j < UNITS; j++)
                next[i] += w[i][j] * v[j];
            next[i] *= slope[i];
            square += next[i] * next[i];
        }
        for (int i = 0; i < UNITS; i++)
            v[i] = next[i] / sqrt64(square);
        if (t >= 0)
            sum += 0.5 * log64(square);
    }
    return sum / steps;
}

// The net with W = rho q: its norms, and its exponent as the mean over first states and inputs.
static void
measure(const recurrence *net, double q[UNITS][UNITS], measurement *m)
{
    static double w[UNITS][UNITS];
    double exponent[DRIVES];
    for (int i = 0; i < UNITS; i++)
        for (int j = 0; j < UNITS; j++)
            w[i][j] = net->rho * q[i][j];
    rng drive = rng_at(SEED, 2);
    m->name = net->name;
    jacobian_norms(w, net, &drive, m->norm);
    for (int d = 0; d < DRIVES; d++) {
        drive = rng_at(SEED, 3 + d);
        exponent[d] = lyapunov_exponent(w, net, &drive);
    }
    m->exponent = stats_mean(DRIVES, exponent);
}

// norm[k]: the mean of |dc_T/dc_{T-k}| over the units of an LSTM whose gates see neither x nor h: a
// forget gate that is always f, by the tape.
static void
cell_norms(double f, double norm[LAGS + 1])
{
    enum { H = 4 };
    rng r = rng_at(SEED, 0);
    rnn_layer l = rnn_layer_new(RNN_LSTM, 1, H, &r);
    l.unrolled = true;
    tensor *all[] = {l.w_ih, l.w_hh, l.b_ih, l.b_hh};
    for (int i = 0; i < 4; i++)
        memset(all[i]->data, 0, all[i]->size * sizeof(float));
    for (int k = 0; k < 4 * H; k++) // every gate; the forget gate is the one that counts
        l.b_ih->data[k] = (float)log64(f / (1 - f));
    tensor *c0 = param("c0", SHAPE(1, H));
    rnn_output o = rnn_forward(&l, constant("x", SHAPE(LAGS, 1, 1), NULL), NULL, c0);
    backward(t_sum(o.c));
    norm[0] = 1;
    for (int k = 1; k <= LAGS; k++) {
        // Row 1 of a cell's output is c: its gradient is dc_T/dc_{T-k}.
        const float *dc = k == LAGS ? c0->grad : o.step[LAGS - 1 - k]->grad + H;
        double sum = 0;
        for (int i = 0; i < H; i++)
            sum += dc[i];
        norm[k] = sum / H;
    }
    tensors_free();
}

static void
write_exponents(const measurement all[NETS])
{
    table *t = program_table("lyapunov", "net\trho\tinput_std\texponent\tstandard_error");
    for (int n = 0; n < NETS; n++)
        table_row(t, "sdddd", nets[n].name, nets[n].rho, nets[n].input, all[n].exponent.mean,
                  all[n].exponent.error);
    table_close(t);
}

static void
write_norms(const measurement all[NETS + CELLS])
{
    char header[256] = "lag_steps";
    for (int n = 0; n < NETS + CELLS; n++)
        strcat(strcat(header, "\t"), all[n].name);
    table *t = program_table("gradient-norms", header);
    for (int k = 0; k <= LAGS; k++) {
        float row[NETS + CELLS];
        for (int n = 0; n < NETS + CELLS; n++)
            row[n] = (float)all[n].norm[k];
        table_curve(t, k, NETS + CELLS, row);
    }
    table_close(t);
}

static const measurement *
find(const measurement all[NETS + CELLS], const char *name)
{
    for (int n = 0; n < NETS + CELLS; n++)
        if (strcmp(all[n].name, name) == 0)
            return &all[n];
    fail("gradient-norms: nothing is called %s", name);
}

static void
gradient_claims(const measurement all[NETS + CELLS])
{
    const char *pascanu = "Pascanu et al. 2013, sec. 2", *own = "this chapter";
    claim_near("linear-vanishes", "linear W = 0.9 Q: |dh_T/dh_(T-100)| is 0.9^100", 2.6561398888e-5,
               find(all, "linear_0.9")->norm[100], 1e-14, pascanu, CHECK);
    claim_near("linear-explodes", "linear W = 1.1 Q: |dh_T/dh_(T-100)| is 1.1^100", 13780.6123398,
               find(all, "linear_1.1")->norm[100], 1e-6, pascanu, CHECK);
    claim_near("lstm-carousel", "LSTM, forget gate 0.99: |dc_T/dc_(T-100)| is 0.99^100",
               0.366032341273, find(all, "lstm_0.99")->norm[100], 1e-5,
               "Hochreiter & Schmidhuber 1997", CHECK);
    claim_below("input-20", "tanh, rho 1, input std 1: |dh_T/dh_(T-20)| is below 1/1000", 1e-3,
                find(all, "tanh_1_strong")->norm[20], own, FOUND);
    claim_below("input-vanishes", "tanh, rho 1, input std 1: the Lyapunov exponent is below -0.1",
                -0.1, find(all, "tanh_1_strong")->exponent.mean, own, FOUND);
    claim_above("free-chaos", "tanh, rho 1.5, no input: the Lyapunov exponent is positive", 0,
                unless_quick(find(all, "tanh_1.5_free")->exponent.mean), own, FOUND);
    claim_below("input-tames", "tanh, rho 1.5, input std 1: the Lyapunov exponent is negative", 0,
                find(all, "tanh_1.5_strong")->exponent.mean, own, FOUND);
}

// |dh_T/dh_{T-k}| against the lag k, and the Lyapunov exponents that explain it.
void
rnn_figure_gradient_norms(void)
{
    static double q[UNITS][UNITS];
    measurement all[NETS + CELLS];
    rng r = rng_at(SEED, 1);
    random_orthogonal(&r, q);
    for (int n = 0; n < NETS; n++)
        measure(&nets[n], q, &all[n]);
    for (int c = 0; c < CELLS; c++) {
        all[NETS + c].name = cells[c].name;
        cell_norms(cells[c].forget, all[NETS + c].norm);
    }
    write_exponents(all);
    write_norms(all);
    gradient_claims(all);
}
