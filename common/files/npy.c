#include "files/npy.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Before the values: 6 bytes magic, 2 bytes version, the header's length (2 bytes, 4 from version 2
// on), then the header: a Python dict as text, padded so that the values begin at a multiple of 64.
static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6, PREFIX = 10, BLOCK = 64 };
static const long MOST_VALUES = 1L << (sizeof(long) > 4 ? 40 : 30); // of one shape

static size_t
write_header(FILE *file, npy_type type, int rank, const int n[])
{
    const char *descr[] = {"<f4", "<f8", "<i4"};
    char dict[256], sizes[128] = "";
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        size_t used = strlen(sizes);
        snprintf(sizes + used, sizeof sizes - used, rank == 1 ? "%d," : i ? ", %d" : "%d", n[i]);
        count *= n[i];
    }
    snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
             descr[type], sizes);
    int length = (PREFIX + (int)strlen(dict)) / BLOCK * BLOCK + BLOCK - PREFIX; // under 256
    fwrite(magic, 1, MAGIC, file);
    fprintf(file, "%c%c%c%c%-*s\n", 1, 0, length, 0, length - 1, dict);
    return count;
}

// Value i as the bits that stand in the file, the lowest byte first; every NaN has one form.
static uint64_t
bits_of(npy_type type, const void *data, size_t i)
{
    uint32_t single;
    uint64_t bits;
    switch (type) {
    case NPY_I4: return (uint32_t)((const int32_t *)data)[i];
    case NPY_F4:
        memcpy(&single, (const float *)data + i, sizeof single);
        return isnan(((const float *)data)[i]) ? 0x7fc00000 : single;
    default:
        memcpy(&bits, (const double *)data + i, sizeof bits);
        return isnan(((const double *)data)[i]) ? 0x7ff8000000000000 : bits;
    }
}

void
npy_write(const char *path, npy_type type, int rank, const int n[], const void *data)
{
    FILE *file = file_create(path);
    size_t count = write_header(file, type, rank, n);
    int width = type == NPY_F8 ? 8 : 4;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = bits_of(type, data, i);
        for (int byte = 0; byte < width; byte++)
            fputc(bits >> 8 * byte & 255, file);
    }
    file_commit(file, path);
}

// What follows 'key': in the header, a text that ends in a zero byte.
static const char *
entry(const char *header, const char *key, const char *name)
{
    const char *at = strstr(header, key);
    if (!at)
        fail("%s: its header has no %s: %.80s", name, key, header);
    at += strlen(key);
    return at + strspn(at, " :");
}

static double
half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

// The value whose `width` little-endian bytes stand at `bytes`; kind is f, i, u or b.
static double
number(const unsigned char *bytes, char kind, int width)
{
    uint64_t word = 0;
    for (int i = width - 1; i >= 0; i--)
        word = word << 8 | bytes[i];
    if (kind == 'f' && width == 2)
        return half((uint16_t)word);
    if (kind == 'f' && width == 4) {
        uint32_t low = (uint32_t)word;
        float f;
        memcpy(&f, &low, sizeof f);
        return f;
    }
    if (kind == 'f') {
        double d;
        memcpy(&d, &word, sizeof d);
        return d;
    }
    if (kind == 'i' && width < 8 && word >> (8 * width - 1))
        word |= ~0ULL << 8 * width;
    return kind == 'i' ? (double)(int64_t)word : (double)word;
}

// Where value i in C order stands in a file in Fortran order.
static long
fortran_place(const npy *a, long i)
{
    long at = 0, step = a->size;
    for (int axis = a->rank - 1; axis >= 0; axis--) {
        step /= a->n[axis];
        at += i % a->n[axis] * step;
        i /= a->n[axis];
    }
    return at;
}

// Reads the shape "(2, 3)" into a.
static void
parse_shape(npy *a, const char *text, const char *name)
{
    a->size = 1;
    if (*text++ != '(')
        fail("%s: its header has no shape in parentheses", name);
    while (*(text += strspn(text, ", ")) != ')') {
        char *end;
        long n = strtol(text, &end, 10);
        if (end == text || n < 0 || n > 1 << 30 || a->rank == NPY_RANK)
            fail("%s: its shape is unreadable, or has more than %d axes: %.40s", name, NPY_RANK,
                 text);
        a->n[a->rank++] = (int)n;
        if (n && a->size > MOST_VALUES / n)
            fail("%s: its shape has more than 2^40 values", name);
        a->size *= n;
        text = end;
    }
}

npy
npy_parse(const char *bytes, size_t size, const char *name)
{
    const unsigned char *u = (const unsigned char *)bytes;
    if (size < PREFIX + 2 || memcmp(bytes, magic, MAGIC) != 0 || u[MAGIC] < 1 || u[MAGIC] > 3)
        fail("%s: no .npy file (it does not begin with \\x93NUMPY and a version 1 to 3)", name);
    size_t prefix = u[MAGIC] == 1 ? PREFIX : PREFIX + 2;
    size_t length = u[8] | u[9] << 8;
    if (u[MAGIC] > 1)
        length |= (size_t)u[10] << 16 | (size_t)u[11] << 24;
    char header[1024];
    if (length >= sizeof header || prefix + length > size)
        fail("%s: its header of %zu bytes is longer than the file or %zu bytes", name, length,
             sizeof header);
    memcpy(header, bytes + prefix, length);
    header[length] = 0;

    npy a = {0};
    const char *type = entry(header, "'descr'", name);
    if (strlen(type) < 5 || *type != '\'' || !strchr("<|", type[1]) || !strchr("fiub", type[2]))
        fail("%s: values of type %.5s; readable are <f4, <f8, <i4 and other plain numbers in "
             "little-endian order",
             name, type);
    char kind = type[2];
    int width = type[3] - '0';
    if (!strchr("1248", type[3]) || (kind == 'f' && width == 1) || (kind == 'b' && width != 1) ||
        type[4] != '\'')
        fail("%s: values of type %.5s; readable are f2, f4, f8, integers and bool", name, type);
    memcpy(a.type, type + 2, 2);
    int fortran = strncmp(entry(header, "'fortran_order'", name), "True", 4) == 0;
    parse_shape(&a, entry(header, "'shape'", name), name);
    size_t have = size - prefix - length;
    if (have != (size_t)a.size * width)
        fail("%s: %zu bytes of values, its shape and type need %zu", name, have,
             (size_t)a.size * width);
    a.values = memory_zeroed(a.size, sizeof(double), name);
    for (long i = 0; i < a.size; i++)
        a.values[i] =
            number(u + prefix + length + (fortran ? fortran_place(&a, i) : i) * width, kind, width);
    return a;
}

npy
npy_read(const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    npy a = npy_parse(bytes, size, path);
    free(bytes);
    return a;
}

void
npy_free(npy *a)
{
    free(a->values);
}

double *
npy_text(const char *bytes, size_t size, const char *name, long n, const char *shape)
{
    if (strlen(bytes) != size)
        fail("%s: no text: it has a zero byte", name);
    double *values = memory_zeroed(n, sizeof *values, name);
    long found = 0;
    for (const char *at = bytes + strspn(bytes, " \t\r\n,;"); *at; at += strspn(at, " \t\r\n,;")) {
        char *end;
        double value = strtod(at, &end);
        if (end == at) {
            free(values);
            fail("%s: '%.12s' is no number; expected %ld numbers for %s", name, at, n, shape);
        }
        if (found < n)
            values[found] = value;
        found++;
        at = end;
    }
    if (found != n) {
        free(values);
        fail("%s: %ld numbers, expected %ld for %s", name, found, n, shape);
    }
    return values;
}
