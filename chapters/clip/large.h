// The same losses in blocks, for batches whose N x N scores are too many to hold, on one device or on several.
#ifndef CLIP_LARGE_H
#define CLIP_LARGE_H

// N pairs of directions.
typedef struct {
    int N, d;
    const float *u, *v; // (N, d)
    float t, b;
} clip_batch;

// A loss with its gradients; du and dv (N, d) are the caller's, and are overwritten.
typedef struct {
    float loss, dt, db;
    float *du, *dv;
    long held; // numbers that one device holds at once, beside directions and gradients
} clip_gradients;

// In which order a device adds up what its blocks give: as they come round, or each kept, and then in pairs, the sums
// of these in pairs, and so on.
typedef enum { CLIP_RING, CLIP_TREE } clip_order;

// Adds n things of `size` floats each, one behind the other, in pairs: x_0 + x_1, x_2 + x_3, ..., then those. The sum is
// left in the first.
void clip_tree_sum(int n, long size, float *x);

// The sigmoid loss. The batch is cut into `pieces` equal ones, which the devices hold in equal shares. Pictures stay; in
// step k = 0, 1, ... device e has the captions of device (e + k) mod devices, and their gradients travel with them.
void clip_sigmoid_devices(const clip_batch *a, int devices, int pieces, clip_order order,
                          clip_gradients *g);

// InfoNCE both ways, in blocks of at most `block` x `block` scores, which are computed twice: forward for the running
// maxima and sums of rows and columns, backward for the gradients. log_rows and log_columns (N): the logarithms of the
// sums of e^z over each row and column.
void clip_infonce_online(const clip_batch *a, int block, float *log_rows, float *log_columns,
                         clip_gradients *g);

#endif
