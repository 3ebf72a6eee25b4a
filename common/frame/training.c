#include "frame/training.h"

#include "files/fail.h"
#include "files/memory.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static training *
at(const void *all, size_t size, int i)
{
    return (training *)((char *)all + i * size);
}

void
training_side_by_side(int n, void (*run)(int i, void *context), void *context)
{
    if (param_count() || tape_used())
        fail(
            "training_side_by_side: this thread has tensors of its own, which its runs would free");
#pragma omp parallel for schedule(dynamic, 1) num_threads(program_threads()) if (n > 1)
    for (int i = 0; i < n; i++) {
        run(i, context);
        program_tape_peak(tape_peak());
        tensors_free();
    }
}

void
training_run(int n, void *all, size_t size, void (*run)(int i, void *all))
{
    for (int i = 0; i < n; i++) {
        training *t = at(all, size, i);
        t->loss = memory_zeroed(t->steps, sizeof(float), "a training's losses");
        if (t->every)
            t->test = memory_zeroed(t->steps / t->every, sizeof(float), "a training's tests");
        progress_expect(t->steps);
    }
    training_side_by_side(n, run, all);
}

float
training_step(tensor *loss, adamw *adam, float rate, double theta)
{
    float value = loss->data[0];
    zero_grad();
    backward(loss);
    if (theta > 0)
        clip_global_norm(theta);
    adamw_step(adam, rate);
    tape_reset();
    progress_advance(1);
    return value;
}

// The table `name` with a column "step" and one for each training.
static table *
columns(const char *name, int n, const void *all, size_t size)
{
    char header[sizeof "step" + n * TRAINING_NAME]; // a name's end is the tab before it
    strcpy(header, "step");
    for (int i = 0; i < n; i++)
        strcat(strcat(header, "\t"), at(all, size, i)->name);
    return program_table(name, header);
}

void
training_write_losses(const char *name, int block, int n, const void *all, size_t size)
{
    int longest = 0;
    for (int i = 0; i < n; i++) {
        const training *t = at(all, size, i);
        if (t->steps % block)
            fail("%s: %d steps of %s are not a whole number of blocks of %d", name, t->steps,
                 t->name, block);
        longest = t->steps > longest ? t->steps : longest;
    }
    table *out = columns(name, n, all, size);
    for (int s = 0; s < longest; s += block) {
        float row[n];
        for (int i = 0; i < n; i++) {
            const training *t = at(all, size, i);
            row[i] = s < t->steps ? sum32(block, t->loss + s) / block : NAN;
        }
        table_curve(out, s + block, n, row);
    }
    table_close(out);
}

void
training_write_tests(const char *name, int n, const void *all, size_t size)
{
    char file[64];
    snprintf(file, sizeof file, "%s-tests", name);
    table *out = columns(file, n, all, size);
    const training *first = at(all, size, 0);
    for (int k = 0; k < first->steps / first->every; k++) {
        float row[n];
        for (int i = 0; i < n; i++)
            row[i] = at(all, size, i)->test[k];
        table_curve(out, (k + 1) * first->every, n, row);
    }
    table_close(out);
}

double
training_last_test(const training *t)
{
    return t->test[t->steps / t->every - 1];
}

void
training_free(int n, void *all, size_t size)
{
    for (int i = 0; i < n; i++) {
        free(at(all, size, i)->loss);
        free(at(all, size, i)->test);
    }
}
