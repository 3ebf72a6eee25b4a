// For the page: the error wall with a start, a rate and a clipping of the reader's own.
#include "rnn/figures/error-wall.c"

enum { LIVE_W = 61, LIVE_B = 46, LIVE_STEPS = 60 };

// The error over w = 4.2 ... 6.3 and b = -3.2 ... -1.7, rows of one b: (LIVE_B, LIVE_W).
const double *
rnn_live_map(void)
{
    static double error[LIVE_B * LIVE_W];
    for (int j = 0; j < LIVE_B; j++)
        for (int i = 0; i < LIVE_W; i++)
            error[j * LIVE_W + i] =
                wall(4.2 + 2.1 * i / (LIVE_W - 1), -3.2 + 1.5 * j / (LIVE_B - 1)).error;
    return error;
}

// Gradient descent as in figure error-wall: 61 rows of w, b, error, |gradient|. theta: infinity does not clip.
const double *
rnn_live_path(double w, double b, double theta, double rate)
{
    static double path[LIVE_STEPS + 1][4];
    for (int step = 0; step <= LIVE_STEPS; step++) {
        wall_point p = wall(w, b);
        double norm = sqrt64(p.dw * p.dw + p.db * p.db);
        double scale = norm > theta ? theta / norm : 1;
        path[step][0] = w, path[step][1] = b, path[step][2] = p.error, path[step][3] = norm;
        w -= rate * scale * p.dw;
        b -= rate * scale * p.db;
    }
    return path[0];
}

// The largest |dE/dw| along the wall at this b, and the w where it is.
const double *
rnn_live_ridge(double b)
{
    static double at[2];
    at[0] = ridge(b, &at[1]);
    return at;
}
