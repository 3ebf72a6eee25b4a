#include "frame/case.h"

#include "files/npy.h"
#include "files/table.h"
#include "frame/program.h"

#include <stdio.h>

static struct {
    const char *name;
    table *manifest;
} current;

static const char *
case_path(const char *file)
{
    char at[256];
    snprintf(at, sizeof at, "%s/%s", current.name, file);
    return program_path(at);
}

void
case_begin(const char *name)
{
    current.name = name;
    current.manifest =
        table_create(case_path("manifest.tsv"), "role\tname\tof\tfile\tshape\ttolerance\tabout");
}

static void
case_array(const char *role, const char *name, npy_type type, shape s, const void *data,
           double tolerance, const char *about)
{
    char file[128];
    snprintf(file, sizeof file, "%s.npy", name);
    npy_write(case_path(file), type, s.rank, s.n, data);
    char about_tolerance[32];
    snprintf(about_tolerance, sizeof about_tolerance, "%g", tolerance);
    table_row(current.manifest, "sssssss", role, name, "", file, shape_text(s).s, about_tolerance,
              about);
}

void
case_write_f4(const char *role, const char *name, shape s, const float *data, double tolerance,
              const char *about)
{
    case_array(role, name, NPY_F4, s, data, tolerance, about);
}

void
case_write_f8(const char *role, const char *name, shape s, const double *data, double tolerance,
              const char *about)
{
    case_array(role, name, NPY_F8, s, data, tolerance, about);
}

void
case_write_i4(const char *role, const char *name, shape s, const int *data, const char *about)
{
    case_array(role, name, NPY_I4, s, data, 0, about);
}

void
case_end(void)
{
    table_close(current.manifest);
}
