# Line by Line: every command of the book. `make help` lists them.

# The book's one list of chapters, in order: its first is `make chapter1`.
CHAPTERS := rnn

ifeq ($(origin CC),default)
CC := gcc
endif
OPT := -O3
# ARCH is the instruction set: the widest that this machine has. It changes the speed and no bit of any result.
CPU := $(shell uname -m)
ifeq ($(CPU),x86_64)
HAS = $(if $(shell grep -m1 '^flags' /proc/cpuinfo | tr ' ' '\n' | grep -x $(1)),yes)
ARCH := $(if $(call HAS,avx512vl),x86-64-v4,$(if $(call HAS,avx2),x86-64-v3,x86-64))
ifeq ($(ARCH),x86-64)
$(info This machine has no AVX2: building for plain x86-64. Every result is right, and slow.)
endif
MARCH = -march=$(ARCH)
endif
WARN := -Wall -Wextra -Wpedantic -Wshadow -Werror -Wno-psabi
CFLAGS := -std=gnu11 $(OPT) $(MARCH) -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp -g $(WARN)
CPPFLAGS := -Icommon -MMD -MP
LDLIBS := -lm
BUILD := build

COMMON := $(patsubst %.c,$(BUILD)/%.o,$(wildcard common/*.c))
LIBRARY := $(BUILD)/libcommon.a

.PHONY: all
all: $(CHAPTERS) book ## run every chapter, draw its figures and make the book

# A stamp that changes with the compiler and its flags: everything that is compiled depends on it.
STAMP := $(BUILD)/compiled-with
COMPILED_WITH := $(CC) $(shell $(CC) -dumpfullversion -dumpversion) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS)
$(shell mkdir -p $(BUILD); [ "$$(cat $(STAMP) 2>/dev/null)" = '$(COMPILED_WITH)' ] || echo '$(COMPILED_WITH)' >$(STAMP))

$(BUILD)/%.o: %.c $(STAMP) Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(LIBRARY): $(COMMON)
	@rm -f $@
	ar rcs $@ $^

# A tool is one file in common/tools/ with the library.
$(BUILD)/%: $(BUILD)/common/tools/%.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# A test suite is one file in tests/ with the library; a chapter's has the chapter's method and cases, too.
CHECK = $(shell pkg-config --libs check)
$(BUILD)/tests/%.test: $(BUILD)/tests/%.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(LIBRARY) $(CHECK) $(LDLIBS) -o $@

# A benchmark is one file in tests/bench/, run by hand; what it links against stands in its first lines.
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(BENCH_LIBS) $(LDLIBS) -o $@

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
