// What theory says of these rules: closed forms and small equations, for the figures to be held
// against.
#ifndef ADAMW_LAWS_H
#define ADAMW_LAWS_H

// ---- How long a step can be, in units of the rate, with eps = 0 ----

// The largest |m^| / sqrt(v^) after t steps, whatever the gradients; t = 0: after any number. For
// beta1^2 < beta2.
double adamw_law_longest(double beta1, double beta2, int t);

// The same ratio for gradients rho^t that have grown for ever; for rho^2 > beta2 and rho > beta1.
double adamw_law_growing(double beta1, double beta2, double rho);

// |m| / sqrt(v), uncorrected, after t equal gradients.
double adamw_law_uncorrected(double beta1, double beta2, int t);

// ---- What is left of a weight w under noise N(0, sigma^2) and decay, after `steps` ----

// Decoupled: mean and standard deviation.
double adamw_law_decoupled(double w, double rate, double decay, int steps);
double adamw_law_spread(double rate, double decay, int steps);

// Adam with L2: by the differential equation w' = -rate decay w / sqrt(sigma^2 + (decay w)^2); and
// with v's and m's memories, by the recursion of their means.
double adamw_law_l2(double w, double sigma, double rate, double decay, int steps);
double adamw_law_l2_remembering(double w, double sigma, double rate, double decay, double beta1,
                                double beta2, int steps);

// ---- Where gradients h (w - target) + sigma N(0, 1) and decay balance ----

double adamw_law_balance_l2(double h, double target, double decay);
double adamw_law_balance_decoupled(double h, double target, double decay, double sigma);

// ---- The norm of n weights w, whose gradients are orthogonal to w and size / |w| in length ----

double adamw_law_norm_sgd(double rate, double decay, double momentum, double size);
double adamw_law_norm_adamw(double rate, double decay, int n);
double adamw_law_norm_l2(double rate, double decay, int n, double size);

// The angle that it turns by in a step, in radians.
double adamw_law_angle_sgd(double rate, double decay, double momentum);
double adamw_law_angle_adamw(double rate, double decay, double beta1);

// |w| after t steps from |w| = start.
double adamw_law_relax_sgd(double start, double rate, double decay, double size, int t);
double adamw_law_relax_adamw(double start, double rate, double decay, int n, int t);

// ---- Gradients `high` once in N steps, and `low` in the others ----

// What w moves by in a cycle, over the rate, once m and v go round: with eps = 0, without decay.
// AMSGrad's v is the largest of the cycle.
double adamw_law_drift(double beta1, double beta2, int N, double high, double low, int amsgrad);

// The same for beta1 = 0, high = N, low = -1, to first order in 1 - beta2.
double adamw_law_drift_about(double beta2, int N);

// The least N at which the drift for high = N, low = -1 turns against the mean gradient 1/N; and
// its first order.
int adamw_law_wrong_from(double beta1, double beta2);
double adamw_law_wrong_about(double beta1, double beta2);

#endif
