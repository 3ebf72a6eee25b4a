// The weaver: fills the code, the tables and the measured numbers of a text from their sources.
//
//     weave FILE.md ...                            fills each text in place
//     weave --check [--chapters LIST] FILE.md ...  changes nothing and prints what is wrong
//     weave --book OUT FILE.md                     writes the filled text to OUT for pandoc, with
//                                                  source="PATH:FIRST-LAST ..." in its fences
//
// It runs at the top of the checkout. A text NAME/NAME.md is a chapter's, and its folder holds the
// code: the method NAME.h and NAME.c, figures.c, cases.c, further .h and .c files. Exit status 1
// means that --check found something, 2 that a text cannot be woven.
//
// Code. A fence with the info string `c` and a name shows definitions:
//
//     ```c name=rope_rotate                  from the chapter's folder; name=a,b shows two
//     ```c file=common/ops.c name=t_softmax  from this file
//     ```c name=lstm_step part=gates         the lines between //> gates and //< gates in it
//
// A definition begins at column 0, or with the // lines directly above, and ends with the line that
// closes its brackets by } or ;. A #define ends with its last continued line. Its names are those
// of the function, variables, typedef, tag, enumerators or macro. No definitions are prototypes,
// also those by a type of functions (`static backward_fn f, g;`), extern, `struct x;`, `typedef
// struct x x;` and macros without a value. Only one definition of the folder or file may have the
// name. Lines that begin with //> or //< are not shown.
//
// Tables stand between two lines like these. The path is relative to the text; what follows it may
// be left out. Integers and words stay as they are, other numbers get 4 or `digits` digits.
//
//     <!-- table: reference/claims.tsv columns=id,measured rows=a,b digits=3 -->
//     <!-- end -->
//
// Numbers. The number or word directly before the comment, perhaps inside ( ) ** or $, is the cell
// in the row with ROW in its first column. COLUMN may be left out in claims.tsv, it is `measured`.
// FORMAT may be left out, or is %.Ne, %.Nf, %.Ng or percent: times 100, with one decimal.
//
//     it rises in 113<!-- reference/claims.tsv: ROW COLUMN FORMAT --> of 250 steps
//
// --check prints every difference, and: links to files or headings that do not exist; figures
// plots/NAME/x-y.svg with no "x-y.svg" in plots/NAME.gp, or whose function x_y of NAME's figures.c
// the text does not show; lines in a definition of the method that it does not show; chapters of
// LIST that book.md does not link in this order. A link's target has a dot, a slash or a #, so that
// f[i](x) in a formula is none.
#define _GNU_SOURCE // memmem
#include "files/fail.h"
#include "files/file.h"
#include "files/table.h"

#include <ctype.h>
#include <glob.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH = 1024,
    WORD = 256 // bytes of a name, a list of names or a shown number
};

// A source file. Places in its three arrays correspond.
typedef struct source {
    struct source *next;
    char *bytes;
    char *code;  // bytes with the comments and the insides of strings blanked
    char *shown; // 1 at the first byte of every line that the text shows
    char path[PATH];
} source;

// Lines of a source; end is where the line behind them begins.
typedef struct {
    source *in;
    const char *first, *end;
} lines;

typedef struct {
    const char *path, *chapters, *book; // the text; the options' values or NULL
    char *bytes;
    char folder[PATH], chapter[WORD]; // with its final /; empty where the text is no chapter's
    source *sources;
    FILE *out;
    int checks, line, problems; // line: the one that is being woven or checked
} text;

// Ends the program because the line that is being woven is unusable.
__attribute__((format(printf, 2, 3))) _Noreturn static void
stop(const text *t, const char *format, ...)
{
    char message[2 * PATH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fail("%s:%d: %s", t->path, t->line, message);
}

__attribute__((format(printf, 4, 5))) static void
problem(text *t, const char *path, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: ", path, line);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    t->problems++;
}

static void *
owned(void *memory)
{
    if (!memory)
        fail("too large for the memory of this machine");
    return memory;
}

static int
begins(const char *at, const char *with)
{
    return strncmp(at, with, strlen(with)) == 0;
}

static const char *
next_line(const char *at)
{
    at += strcspn(at, "\n");
    return at + (*at == '\n');
}

static int
line_of(const char *bytes, const char *at)
{
    int line = 1;
    for (; bytes < at; bytes++)
        line += *bytes == '\n';
    return line;
}

static const char *
skip_space(const char *at)
{
    return at + strspn(at, " \t\n");
}

static size_t
word_length(const char *at)
{
    size_t n = 0;
    while (isalnum((unsigned char)at[n]) || at[n] == '_')
        n++;
    return n;
}

// The path of a link that is written relative to folder.
static void
resolve(char path[PATH], const char *folder, const char *link)
{
    size_t n = strlen(folder);
    for (; begins(link, "../") && n > 0; link += 3)
        for (n--; n > 0 && folder[n - 1] != '/';)
            n--;
    if (snprintf(path, PATH, "%.*s%s", (int)n, folder, link) >= PATH)
        fail("%.60s...: the path is longer than %d bytes", path, PATH - 1);
}

// ---- Definitions

static void
blank_comments_and_strings(char *code)
{
    for (char *at = code, *end; *at; at = end) {
        int is_string = *at == '"' || *at == '\'';
        end = at + 1;
        if (begins(at, "//"))
            end = at + strcspn(at, "\n");
        else if (begins(at, "/*"))
            end = strstr(at + 2, "*/") ? strstr(at + 2, "*/") + 2 : at + strlen(at);
        else if (is_string)
            while (*end && *end != '\n' && *end != *at)
                end += *end == '\\' && end[1] ? 2 : 1;
        else
            continue;
        char quote = *at;
        for (char *c = at + is_string; c < end; c++)
            *c = *c == '\n' ? '\n' : ' ';
        end += is_string && *end == quote;
    }
}

// The source at path, read once.
static source *
open_source(text *t, const char *path)
{
    for (source *s = t->sources; s; s = s->next)
        if (strcmp(s->path, path) == 0)
            return s;
    if (access(path, R_OK) != 0)
        stop(t, "there is no file %s; expected a path from the top of the checkout", path);
    size_t size;
    source *s = owned(calloc(1, sizeof *s));
    snprintf(s->path, PATH, "%s", path);
    s->bytes = file_read(path, &size);
    s->code = owned(strdup(s->bytes));
    s->shown = owned(calloc(size + 1, 1));
    blank_comments_and_strings(s->code);
    s->next = t->sources;
    return t->sources = s;
}

static void
open_chapter(text *t)
{
    char pattern[PATH + 8];
    snprintf(pattern, sizeof pattern, "%s*.[ch]", t->folder);
    glob_t found;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            open_source(t, found.gl_pathv[i]);
    globfree(&found);
}

static int
bracket(char c)
{
    return c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
}

// The end of what begins at the top level of a source with this code.
static const char *
item_end(const source *s, const char *code)
{
    int depth = 0;
    char last = ' ';
    for (const char *at = code; *at; at++) {
        depth += bracket(*at);
        if (*at == '\n' && (*code == '#' ? last != '\\' : !depth && (last == ';' || last == '}')))
            return at + 1;
        if (!isspace((unsigned char)*at))
            last = *at;
    }
    fail("%s:%d: what begins here has no end; expected its closing bracket or ;, and a newline",
         s->path, line_of(s->code, code));
}

// Whether the code up to end, at the top level of a source, is a definition.
static int
is_definition(const char *code, const char *end)
{
    if (begins(code, "#define ")) {
        const char *value = strchr(code, ' ') + 1;
        value += word_length(value);
        value += *value == '(' ? strcspn(value, ")") + 1 : 0;
        return value[strspn(value, " ")] != '\n';
    }
    if (*code == '#' || begins(code, "extern ") || begins(code, "_Static_assert"))
        return 0;
    if (memchr(code, '{', end - code) || memchr(code, '=', end - code))
        return 1;
    if (begins(code, "struct ") || begins(code, "typedef struct ") ||
        begins(code, "typedef union "))
        return 0;
    if (begins(code, "typedef "))
        return 1;
    // Without a body, a type of functions or a word before ( makes a prototype, but not _Alignas or
    // __attribute__.
    const char *call = memchr(code, '(', end - code), *word = call;
    while (word && word > code && word_length(word - 1))
        word--;
    return !memmem(code, end - code, "_fn ", 4) && (word == call || *word == '_');
}

// Steps to the next definition in d->in, or to the first one where d->end is NULL.
static int
next_definition(lines *d)
{
    source *s = d->in;
    const char *comment = NULL; // the first line of the // lines directly above
    for (const char *at = d->end ? d->end : s->bytes; *at;) {
        const char *code = s->code + (at - s->bytes);
        if (isspace((unsigned char)*code)) {
            comment = !begins(at, "//") ? NULL : comment ? comment : at;
            at = next_line(at);
            continue;
        }
        const char *end = item_end(s, code);
        d->first = comment ? comment : at;
        for (at = s->bytes + (end - s->code); begins(at, "//< ");)
            at = next_line(at);
        d->end = at;
        if (is_definition(code, end))
            return 1;
        comment = NULL;
    }
    return 0;
}

// Whether a definition has this name: outside brackets before one of ([{=,; or an attribute, or as
// an enumerator, or as (*name).
static int
has_name(const lines *d, const char *name)
{
    const char *code = skip_space(d->in->code + (d->first - d->in->bytes));
    const char *end = d->in->code + (d->end - d->in->bytes);
    int depth = 0, is_enum = begins(code, "enum ") || begins(code, "typedef enum ");
    size_t n = strlen(name);
    char before = ' ';
    if (begins(code, "#define "))
        return begins(code + 8, name) && word_length(code + 8) == n;
    for (const char *at = code, *after; at < end && (depth > 0 || *at != '='); at = after) {
        size_t length = word_length(at);
        after = skip_space(at + (length ? length : 1));
        depth += bracket(*at);
        int named = depth == 0  ? strchr("([{=,;", *after) || begins(after, "__attribute__")
                    : depth > 1 ? 0
                    : is_enum   ? before == '{' || before == ','
                                : at[-1] == '*' && at[-2] == '(';
        if (named && length == n && begins(at, name))
            return 1;
        before = *at;
    }
    return 0;
}

// The definition called name in file, or, where file is empty, in the chapter's folder.
static lines
find_definition(const text *t, const char *file, const char *name)
{
    lines found = {0};
    for (source *s = t->sources; s; s = s->next) {
        if (*file ? strcmp(s->path, file) : !begins(s->path, t->folder))
            continue;
        for (lines d = {.in = s}; next_definition(&d);) {
            if (has_name(&d, name) && found.in)
                stop(t, "%s is defined at %s:%d and at %s:%d; expected file= or a name of its own",
                     name, found.in->path, line_of(found.in->bytes, found.first), s->path,
                     line_of(s->bytes, d.first));
            if (has_name(&d, name))
                found = d;
        }
    }
    if (!found.in)
        stop(t, "no definition of %s in %s%s", name, *file ? file : t->folder,
             *file ? "" : "*.h and *.c");
    return found;
}

static int
is_marker(const char *line, const char *kind)
{
    return begins(line + strspn(line, " "), kind);
}

// The lines of d between the markers of a part.
static lines
find_part(const text *t, lines d, const char *part)
{
    lines found = {.in = d.in};
    int opened = 0, closed = 0;
    char word[WORD];
    for (const char *line = d.first; line < d.end; line = next_line(line)) {
        int opens = is_marker(line, "//> "), closes = is_marker(line, "//< ");
        if ((!opens && !closes) || sscanf(line, " //%*c %255s", word) != 1 || strcmp(word, part))
            continue;
        opened += opens;
        closed += closes;
        if (opens)
            found.first = next_line(line);
        else
            found.end = line;
    }
    if (opened != 1 || closed != 1 || found.first >= found.end)
        stop(t, "expected one //> %s and below it one //< %s in the definition at %s:%d", part,
             part, d.in->path, line_of(d.in->bytes, d.first));
    return found;
}

static void
print_lines(FILE *out, lines d)
{
    size_t indent = strspn(d.first, " ");
    for (const char *line = d.first; line < d.end; line = next_line(line)) {
        if (is_marker(line, "//> ") || is_marker(line, "//< "))
            continue;
        size_t spaces = strspn(line, " ");
        const char *from = line + (spaces < indent ? spaces : indent);
        fwrite(from, 1, next_line(line) - from, out);
        d.in->shown[line - d.in->bytes] = 1;
    }
}

// ---- Fences

// The number of backticks that begin or end a fence in this line, or 0.
static int
fence(const char *line)
{
    size_t spaces = strspn(line, " "), ticks = strspn(line + spaces, "`");
    const char *info = line + spaces + ticks;
    return spaces <= 3 && ticks >= 3 && info[strcspn(info, "`\n")] != '`' ? ticks : 0;
}

// The line that closes the fence which the line at `at` opens.
static const char *
closing(const char *path, const char *bytes, const char *at)
{
    int ticks = fence(at);
    for (const char *line = next_line(at); *line; line = next_line(line))
        if (fence(line) >= ticks && strspn(line, " `") == strcspn(line, "\n"))
            return line;
    fail("%s:%d: this fence is not closed; expected %.*s below", path, line_of(bytes, at), ticks,
         skip_space(at));
}

// Reads the value of " key=value" in this line; 0 and an empty value where there is none.
static int
attribute(const char *line, const char *key, char value[WORD])
{
    size_t n = strlen(key);
    *value = 0;
    for (; *line && *line != '\n'; line++)
        if (*line == ' ' && begins(line + 1, key) && line[1 + n] == '=')
            return sscanf(line + n + 2, "%255[^ \n]", value) == 1;
    return 0;
}

// Writes the new text where the old one stands.
static void
fill(text *t, const char *old, size_t size, const char *new, const char *what, const char *where)
{
    if (t->checks && (size != strlen(new) || memcmp(old, new, size) != 0))
        problem(t, t->path, t->line, "%s differs from %s", what, where);
    fputs(new, t->out);
}

static void
weave_fence(text *t, const char *at, const char *close)
{
    char names[WORD], file[WORD], part[WORD], what[WORD + 8], where[PATH + 16] = "";
    const char *body = next_line(at);
    int ticks = fence(at), has_file = attribute(at, "file", file);
    if (!attribute(at, "name", names)) {
        if (has_file)
            stop(t, "file= without name=; expected the definition's name");
        fwrite(at, 1, close - at, t->out);
        return;
    }
    if (*at != '`' || !begins(at + ticks, "c "))
        stop(t, "a fence with name= begins with ```c at column 0");
    if (has_file)
        open_source(t, file);
    else if (!*t->chapter)
        stop(t, "name=%s without file=; this text is no chapter's, expected both", names);
    snprintf(what, sizeof what, "fence %s", names);

    char *code, *places;
    size_t code_size, places_size;
    FILE *code_out = owned(open_memstream(&code, &code_size));
    FILE *places_out = owned(open_memstream(&places, &places_size));
    char *rest = names;
    for (char *name; (name = strsep(&rest, ","));) {
        lines d = find_definition(t, file, name);
        if (attribute(at, "part", part))
            d = find_part(t, d, part);
        int first = line_of(d.in->bytes, d.first), last = line_of(d.in->bytes, d.end) - 1;
        if (*where)
            fputc('\n', code_out);
        else
            snprintf(where, sizeof where, "%s:%d", d.in->path, first);
        print_lines(code_out, d);
        fprintf(places_out, " %s:%d-%d", d.in->path, first, last);
    }
    fclose(code_out);
    fclose(places_out);
    if (t->book)
        fprintf(t->out, "%.*s {.c source=\"%s\"}\n", ticks, at, places + 1);
    else
        fwrite(at, 1, body - at, t->out);
    fill(t, body, close - body, code, what, where);
    free(code);
    free(places);
}

// ---- Tables and numbers

static int
is_number(const char *cell)
{
    char *end;
    strtod(cell, &end);
    return *cell && !*end && strspn(cell, "0123456789+-.eE") == strlen(cell);
}

static int
is_format(const char *word)
{
    size_t digits = begins(word, "%.") ? strspn(word + 2, "0123456789") : 0;
    return strcmp(word, "percent") == 0 ||
           ((digits == 1 || digits == 2) && strspn(word + 2 + digits, "efg") == 1 &&
            !word[digits + 3]);
}

// A cell as the text shows it: numbers, with integers or without, by the format, and 1.5e-07 as
// 1.5e-7; all else as it is.
static const char *
show(char shown[WORD], const char *cell, const char *format, int integers)
{
    if (!is_number(cell) || (!integers && !strpbrk(cell, ".eE")))
        return cell;
    int percent = strcmp(format, "percent") == 0;
    snprintf(shown, WORD, percent ? "%.1f" : format, strtod(cell, NULL) * (percent ? 100 : 1));
    char *e = strchr(shown, 'e');
    if (e)
        sprintf(e + 1, "%d", atoi(e + 1));
    return shown;
}

static table_data
open_table(const text *t, char path[PATH], const char *link)
{
    resolve(path, t->folder, link);
    if (access(path, R_OK) != 0)
        stop(t, "there is no file %s; expected a path relative to the text", path);
    return table_read(path);
}

// The index of the row or column called name.
static int
find_in(const text *t, const table_data *data, int is_row, const char *name)
{
    int found = -1, n = is_row ? data->rows : data->columns;
    for (int i = 0; i < n; i++)
        if (strcmp(is_row ? data->cells[i * data->columns] : data->header[i], name) == 0) {
            if (found >= 0)
                stop(t, "'%s' stands twice in %s; expected it once", name, data->name);
            found = i;
        }
    if (found < 0)
        stop(t, "no '%s' %s of %s", name, is_row ? "in the first column" : "in the header",
             data->name);
    return found;
}

// The indices of the rows or columns in the list, or of all where it is empty; n is their number.
static int *
pick(const text *t, const table_data *data, int is_row, char *list, int *n)
{
    int all = is_row ? data->rows : data->columns;
    int *picked = owned(malloc((all + WORD) * sizeof *picked));
    for (*n = 0; !*list && *n < all; ++*n)
        picked[*n] = *n;
    char *rest = *list ? list : NULL;
    for (char *name; (name = strsep(&rest, ","));)
        picked[(*n)++] = find_in(t, data, is_row, name);
    return picked;
}

static void
print_cell(FILE *out, const char *cell, int is_header)
{
    fputs(" ", out);
    for (; *cell; cell++)
        fprintf(out, *cell == '|' ? "\\|" : "%c", *cell == '_' && is_header ? ' ' : *cell);
    fputs(" |", out);
}

static void
weave_table(text *t, const char *at, const char *close)
{
    char link[WORD] = "", path[PATH], option[WORD], shown[WORD], format[WORD + 4] = "%.4g";
    int rows, columns;
    sscanf(at, "<!-- table: %255s", link);
    table_data data = open_table(t, path, link);
    attribute(at, "rows", option);
    int *row = pick(t, &data, 1, option, &rows);
    attribute(at, "columns", option);
    int *column = pick(t, &data, 0, option, &columns);
    if (attribute(at, "digits", option) && sprintf(format, "%%.%sg", option) && !is_format(format))
        stop(t, "digits=%s; expected a number from 1 to 99", option);

    char *table_lines;
    size_t size;
    FILE *out = owned(open_memstream(&table_lines, &size));
    fputs("\n|", out);
    for (int c = 0; c < columns; c++)
        print_cell(out, data.header[column[c]], 1);
    fputs("\n|", out);
    for (int c = 0; c < columns; c++) // numbers stand on the right
        fputs(rows && is_number(data.cells[row[0] * data.columns + column[c]]) ? "--:|" : "---|",
              out);
    for (int r = 0; r < rows; r++) {
        fputs("\n|", out);
        for (int c = 0; c < columns; c++) {
            const char *cell = data.cells[row[r] * data.columns + column[c]];
            print_cell(out, show(shown, cell, format, 0), 0);
        }
    }
    fputs("\n\n", out);
    fclose(out);
    const char *body = next_line(at);
    fwrite(at, 1, body - at, t->out);
    fill(t, body, close - body, table_lines, "table", path);
    free(table_lines);
    free(row);
    free(column);
    table_free(&data);
}

// What a number or word in the text is made of, and what may stand between it and the comment.
static const char TOKEN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._";
static const char CLOSING[] = "*$)";

// Fills the number that stands between from and the comment, which has this content.
static void
weave_number(text *t, const char *from, const char *comment, const char *content)
{
    char link[WORD], word[4][WORD], path[PATH], shown[WORD], where[PATH + 3 * WORD], what[WORD],
        format[WORD];
    int words = sscanf(content, " %255[^ :]: %255s %255s %255s %255s", link, word[0], word[1],
                       word[2], word[3]) -
                1;
    int has_format = words > 1 && is_format(word[words - 1]);
    snprintf(format, sizeof format, "%s", has_format ? word[--words] : "%.4g");
    if (words == 1 && strstr(link, "claims.tsv"))
        strcpy(word[words++], "measured");
    if (words != 2)
        stop(t, "expected <!-- FILE.tsv: ROW COLUMN FORMAT -->, where FORMAT is %%.Ne, %%.Nf, "
                "%%.Ng, percent or left out");
    table_data data = open_table(t, path, link);
    int cell = find_in(t, &data, 1, word[0]) * data.columns + find_in(t, &data, 0, word[1]);
    const char *value = show(shown, data.cells[cell], format, has_format);
    if (!*value || value[strspn(value, TOKEN)])
        stop(t, "%s: %s %s is '%s'; expected a number or one word", path, word[0], word[1], value);
    const char *end = comment;
    while (end > from && strchr(CLOSING, end[-1]))
        end--;
    const char *start = end;
    while (start > from && strchr(TOKEN, start[-1]))
        start--;
    if (start == end)
        stop(t, "expected a number directly before the comment");
    snprintf(what, sizeof what, "%.*s", (int)(end - start), start);
    snprintf(where, sizeof where, "%s: %s %s = %s", path, word[0], word[1], value);
    fwrite(from, 1, start - from, t->out);
    fill(t, start, end - start, value, what, where);
    fwrite(end, 1, comment - end, t->out);
    table_free(&data);
}

static void
weave_prose(text *t, const char *at, const char *end)
{
    char content[4 * WORD];
    for (const char *comment; (comment = memmem(at, end - at, "<!--", 4));) {
        const char *close = memmem(comment, end - comment, "-->", 3);
        if (!close || close - comment > (long)sizeof content)
            stop(t, "a comment ends with --> in the line where it begins");
        snprintf(content, sizeof content, "%.*s", (int)(close - comment - 4), comment + 4);
        if (strstr(content, ".tsv"))
            weave_number(t, at, comment, content);
        else
            fwrite(at, 1, comment - at, t->out);
        fwrite(comment, 1, close + 3 - comment, t->out);
        at = close + 3;
    }
    fwrite(at, 1, end - at, t->out);
}

static void
weave(text *t)
{
    for (const char *at = t->bytes, *next; *at; at = next) {
        const char *close = at; // the last line of a fence or table
        t->line = line_of(t->bytes, at);
        if (fence(at)) {
            close = closing(t->path, t->bytes, at);
            weave_fence(t, at, close);
        } else if (begins(at, "<!-- table: ")) {
            do
                close = next_line(close);
            while (*close && !begins(close, "<!-- "));
            if (!begins(close, "<!-- end -->"))
                stop(t, "this table has no end; expected <!-- end --> below");
            weave_table(t, at, close);
        } else if (begins(at, "<!-- end -->")) {
            stop(t, "no table ends here; expected <!-- table: PATH --> above");
        }
        next = next_line(close);
        if (close == at)
            weave_prose(t, at, next);
        else
            fwrite(close, 1, next - close, t->out);
    }
}

// ---- What only --check looks for

// The anchor that GitHub gives a heading: lower case, spaces as -, no punctuation.
static void
anchor_of(char anchor[WORD], const char *heading)
{
    size_t n = 0;
    for (const char *at = heading + strspn(heading, "# "); *at && *at != '\n'; at++) {
        unsigned char c = *at;
        if (begins(at, "](")) // of a link only the text counts
            at += strcspn(at + 1, ")\n");
        else if (begins(at, "\xe2\x80")) // dashes and quotation marks
            at += 2;
        else if (n < WORD - 1 && (isalnum(c) || c >= 0x80 || strchr("_- ", c)))
            anchor[n++] = c == ' ' ? '-' : tolower(c);
    }
    anchor[n] = 0;
}

// Whether a heading of the text has this anchor; of equal headings the second has -1, and so on.
static int
has_heading(const char *path, const char *anchor)
{
    size_t size;
    char *bytes = file_read(path, &size), one[WORD];
    int found = 0, equal = 0;
    for (const char *at = bytes; *at; at = next_line(at)) {
        if (fence(at))
            at = closing(path, bytes, at);
        if (*at != '#')
            continue;
        anchor_of(one, at);
        const char *behind = begins(anchor, one) ? anchor + strlen(one) : "";
        found |= strcmp(one, anchor) == 0;
        if (*behind == '-' && behind[1 + strspn(behind + 1, "0123456789")] == 0)
            found |= equal++ == atoi(behind + 1);
    }
    free(bytes);
    return found;
}

// The figure plots/NAME/x-y.svg stands in quotes in plots/NAME.gp, and the text of a chapter shows
// x_y of NAME/figures.c.
static void
check_figure(text *t, const char *path)
{
    char rules[PATH], name[PATH], link[PATH + 16], code[PATH];
    snprintf(rules, PATH, "%s", path);
    snprintf(name, PATH, "%s", strrchr(path, '/') + 1);
    *strrchr(rules, '/') = 0;
    snprintf(link, sizeof link, "../%s/figures.c",
             strrchr(rules, '/') ? strrchr(rules, '/') + 1 : rules);
    strncat(rules, ".gp", PATH - strlen(rules) - 1);

    size_t size, n = strlen(name);
    char *gp = access(rules, R_OK) == 0 ? file_read(rules, &size) : owned(strdup(""));
    int has_rule = 0;
    for (const char *at = gp; (at = strstr(at, name)); at++)
        has_rule |= at > gp && strchr("/'\"", at[-1]) && strchr("'\"", at[n]);
    free(gp);
    if (!has_rule)
        problem(t, t->path, t->line, "figure %s has no rule; expected \"%s\" in %s", path, name,
                rules);

    name[strcspn(name, ".")] = 0;
    if (!*t->chapter)
        return;
    for (char *at = name; *at; at++)
        *at = *at == '-' ? '_' : *at;
    resolve(code, t->folder, link);
    open_source(t, code);
    lines d = find_definition(t, code, name);
    if (!memchr(d.in->shown + (d.first - d.in->bytes), 1, d.end - d.first))
        problem(t, t->path, t->line, "figure %s is shown without %s of %s", path, name, code);
}

static void
check_links(text *t, const char *line, const char *end)
{
    char link[PATH], path[PATH];
    for (const char *at = line; (at = memmem(at, end - at, "](", 2)); at++) {
        if (sscanf(at, "](%1023[^) \n]", link) != 1 || !strpbrk(link, "./#") ||
            strstr(link, "://") || begins(link, "mailto:"))
            continue;
        char *anchor = strchr(link, '#');
        if (anchor)
            *anchor++ = 0;
        resolve(path, *link ? t->folder : "", *link ? link : t->path);
        const char *open = at;
        while (open > line && *open != '[')
            open--;
        if (access(path, R_OK) != 0)
            problem(t, t->path, t->line, "dead link: there is no file %s", path);
        else if (anchor && !has_heading(path, anchor))
            problem(t, t->path, t->line, "dead link: no heading of %s gives #%s", path, anchor);
        else if (open > line && open[-1] == '!' && strchr(path, '/'))
            check_figure(t, path);
    }
    for (const char *at = line; (at = memmem(at, end - at, "<img src=\"", 10)); at++) {
        if (sscanf(at, "<img src=\"%1023[^\"\n]", link) != 1 || strstr(link, "://"))
            continue;
        resolve(path, t->folder, link);
        if (access(path, R_OK) != 0)
            problem(t, t->path, t->line, "dead link: there is no file %s", path);
        else if (strchr(path, '/'))
            check_figure(t, path);
    }
}

// Every line of the method stands in the text.
static void
check_method(text *t)
{
    char method[PATH + WORD];
    snprintf(method, sizeof method, "%s%s.", t->folder, t->chapter);
    for (source *s = t->sources; s; s = s->next)
        for (lines d = {.in = s}; begins(s->path, method) && next_definition(&d);)
            for (const char *at = d.first; at < d.end; at = next_line(at))
                if (!s->shown[at - s->bytes] && at[strspn(at, " ")] != '\n' &&
                    !is_marker(at, "//> ") && !is_marker(at, "//< ")) {
                    problem(t, s->path, line_of(s->bytes, at), "%s does not show: %.*s", t->path,
                            (int)strcspn(at, "\n"), at);
                    break;
                }
}

// The front links every chapter in the order of the list.
static void
check_front(text *t)
{
    char link[PATH], list[PATH], *rest = list;
    const char *at = t->bytes;
    snprintf(list, PATH, "%s", t->chapters);
    for (char *name; (name = strsep(&rest, " "));) {
        snprintf(link, PATH, "(chapters/%.*s/%s.md)", WORD, name, name);
        const char *found = strstr(at, link);
        if (*name && !found)
            problem(t, t->path, line_of(t->bytes, at), "expected here or below a link %s", link);
        else if (*name)
            at = found;
    }
}

static void
check(text *t)
{
    for (const char *at = t->bytes; *at; at = next_line(at)) {
        if (fence(at))
            at = closing(t->path, t->bytes, at);
        t->line = line_of(t->bytes, at);
        check_links(t, at, next_line(at));
    }
    if (*t->chapter)
        check_method(t);
    if (t->chapters && strcmp(t->path, "book.md") == 0)
        check_front(t);
}

// Weaves the text at path, in place where there is no option; returns the number of problems.
static int
weave_file(const char *path, int checks, const char *chapters, const char *book)
{
    text t = {.path = path, .checks = checks, .chapters = chapters, .book = book};
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t size, length = name - path, stem = strcspn(name, ".");
    if (strlen(path) >= WORD)
        fail("%.60s...: the path is longer than %d bytes", path, WORD - 1);
    memcpy(t.folder, path, length);
    if (length > stem && memcmp(name - stem - 1, name, stem) == 0) {
        memcpy(t.chapter, name, stem);
        open_chapter(&t);
    }
    t.bytes = file_read(path, &size);
    char *woven;
    t.out = owned(open_memstream(&woven, &size));
    weave(&t);
    fclose(t.out);
    if (checks)
        check(&t);
    else if (book || strcmp(woven, t.bytes) != 0) {
        FILE *file = file_create(book ? book : path);
        fwrite(woven, 1, size, file);
        file_commit(file, book ? book : path);
    }
    free(woven);
    free(t.bytes);
    for (source *s = t.sources, *next; s; s = next) {
        next = s->next;
        free(s->bytes);
        free(s->code);
        free(s->shown);
        free(s);
    }
    return t.problems;
}

int
main(int count, char **argument)
{
    static const char usage[] = "weave [--check] [--chapters LIST] [--book OUT] FILE.md ...";
    const char *chapters = NULL, *book = NULL;
    int at = 1, checks = 0, problems = 0;
    for (; at < count && begins(argument[at], "--"); at++)
        if (strcmp(argument[at], "--check") == 0)
            checks = 1;
        else if (strcmp(argument[at], "--chapters") == 0 && at + 1 < count)
            chapters = argument[++at];
        else if (strcmp(argument[at], "--book") == 0 && at + 1 < count)
            book = argument[++at];
        else
            fail("%s: unknown option, or its value is missing; usage: %s", argument[at], usage);
    if (at == count || (book && (checks || at + 1 < count)))
        fail("expected texts, with --book one text and no --check; usage: %s", usage);
    for (; at < count; at++)
        problems += weave_file(argument[at], checks, chapters, book);
    return problems > 0;
}
