# Line by Line: every command of the book. `make help` lists them.

# The book's one list of chapters, in order: its first is `make chapter1`.
CHAPTERS := rnn transformer rope linear_attention performer s4 td map

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
MARCH = -march=$(ARCH) $(if $(filter x86-64-v4,$(ARCH)),-mprefer-vector-width=512)
endif
WARN := -Wall -Wextra -Wpedantic -Wshadow -Werror -Wno-psabi
CFLAGS := -std=gnu11 $(OPT) $(MARCH) -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp -g $(SANITIZE) $(WARN)
# ASKED: what make reproducible defines in one of its builds.
CPPFLAGS := -Icommon -Ichapters $(ASKED) -MMD -MP
LDLIBS := -lm
# What a chapter's program needs besides; only its own build does.
LDLIBS_map := -ljansson
BUILD := build
# Short lines for commands; V=1 shows them whole.
Q := $(if $(V),,@)
SAY := @$(if $(V),:,echo)

COMMON := $(patsubst %.c,$(BUILD)/%.o,$(wildcard common/*.c))
LIBRARY := $(BUILD)/libcommon.a

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: FORCE
FORCE:

.PHONY: all
all: $(CHAPTERS) book ## run every chapter, draw its figures and make the book

# A stamp that changes with the compiler and its flags: everything that is compiled depends on it.
STAMP := $(BUILD)/compiled-with
COMPILED_WITH := $(CC) $(shell $(CC) -dumpfullversion -dumpversion) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS)
$(shell mkdir -p $(BUILD); [ "$$(cat $(STAMP) 2>/dev/null)" = '$(COMPILED_WITH)' ] || echo '$(COMPILED_WITH)' >$(STAMP))

$(BUILD)/%.o: %.c $(STAMP)
	@mkdir -p $(@D)
	$(SAY) "  cc    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(LIBRARY): $(COMMON)
	@rm -f $@
	$(Q)ar rcs $@ $^

# A tool is one file in common/tools/ with the library.
TOOLS := $(patsubst common/tools/%.c,%,$(wildcard common/tools/*.c))
$(TOOLS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/common/tools/%.o $(LIBRARY)
	$(SAY) "  link  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# ---- Chapters: program, known mistakes, run, figures ----

# gnuplot gives two curves of one figure the same id, which e-readers refuse and nothing uses.
NO_IDS := s/ id="gnuplot_plot_[0-9a-z]*"//

# The objects of chapter $(1), its own and the methods of those before it; how many known mistakes it has;
# where its mistake $(2) is built.
EARLIER = $(shell echo ' $(CHAPTERS) ' | sed 's/ $(1) .*//')
OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard chapters/$(1)/*.c) $(foreach e,$(call EARLIER,$(1)),chapters/$e/$e.c))
MISTAKES = $(shell seq $$(($$(cat chapters/$(1)/mistakes.tsv | grep -c '^.') - 1)))
VARIANT = $(BUILD)/$(1)/mistakes/$(2)

# Each variant has the one wrong line in its own copy of the method, or of the library's file.
define VARIANT_RULES
$(call VARIANT,$(1),$(2))/method.o: chapters/$(1)/mistakes.tsv chapters/$(1)/$(1).c $$(wildcard common/*.c) $(BUILD)/mistakes
	@mkdir -p $$(@D)
	$$(SAY) "  cc    $(1), mistake $(2)"
	$$(Q)file=$$$$($(BUILD)/mistakes vary $$< $(2) $$(@D) chapters/$(1)/$(1).c $$(wildcard common/*.c)) && \
	    $$(CC) $$(CPPFLAGS) -Ichapters/$(1) $$(CFLAGS) -w -c "$$$$file" -o $$@

$(call VARIANT,$(1),$(2))/$(1): $(call VARIANT,$(1),$(2))/method.o $(call OBJECTS,$(1)) $(LIBRARY)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -Wl,--allow-multiple-definition $$^ $(LDLIBS_$(1)) $$(LDLIBS) -o $$@

$(call VARIANT,$(1),$(2))/done: $(call VARIANT,$(1),$(2))/$(1)
	@$$< --cases --out $$(@D)/out
	@touch $$@

$(call VARIANT,$(1),$(2))/survives: $(call VARIANT,$(1),$(2))/method.o $(BUILD)/tests/$(1).o $(call OBJECTS,$(1)) $(LIBRARY)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -Wl,--allow-multiple-definition $$(filter-out %/figures.o,$$^) $$(CHECK) $(LDLIBS_$(1)) $$(LDLIBS) -o $$@.test
	@$$@.test >$$@.log 2>&1; case $$$$? in 0) echo yes;; 1) echo no;; *) echo "$$@.log: the test did not run"; exit 1;; esac >$$@
endef

define CHAPTER_RULES
$(BUILD)/$(1)/$(1): $(call OBJECTS,$(1)) $(LIBRARY)
	@mkdir -p $$(@D)
	$$(SAY) "  link  $$@"
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) $$^ $(LDLIBS_$(1)) $$(LDLIBS) -o $$@

# The run makes the folder anew, so that nothing of an older run stays in it. The stamp comes last: a run that
# failed, or whose claims were contradicted, is run again.
$(BUILD)/$(1)/done: $(if $(wildcard $(BUILD)/$(1)/out/claims.tsv),,FORCE) $(BUILD)/$(1)/$(1) $(foreach k,$(call MISTAKES,$(1)),$(call VARIANT,$(1),$(k))/done)
	@rm -rf $(BUILD)/$(1)/out
	@$(BUILD)/$(1)/$(1) --out $(BUILD)/$(1)/out
	@$(BUILD)/mistakes publish chapters/$(1)/mistakes.tsv $(BUILD)/$(1)/mistakes $(BUILD)/$(1)/out
	@touch $$@

.PHONY: $(1)
$(1): $(BUILD)/$(1)/done $(BUILD)/compare plots/$(1).gp plots/style.gp
	@if command -v gnuplot >/dev/null; then \
	    gnuplot -e "data='$(BUILD)/$(1)/out/'" plots/style.gp plots/$(1).gp && \
	    sed -i '$(NO_IDS)' $(BUILD)/$(1)/out/*.svg && ls $(BUILD)/$(1)/out/*.svg; \
	else echo "gnuplot is not installed: the numbers are in $(BUILD)/$(1)/out, the figures are not drawn"; fi

$(BUILD)/tests/$(1).test: $(filter-out %/figures.o,$(call OBJECTS,$(1)))
endef
$(foreach c,$(CHAPTERS),$(eval $(call CHAPTER_RULES,$c))$(foreach k,$(call MISTAKES,$c),$(eval $(call VARIANT_RULES,$c,$k))))

# chapter1 is the first of the list, and so on.
NUMBERS := $(shell seq $(words $(CHAPTERS)))
.PHONY: $(NUMBERS:%=chapter%)
$(foreach n,$(NUMBERS),$(eval chapter$n: $(word $n,$(CHAPTERS))))
chapter1: ## make the first chapter's figures and claims; so for every chapter, by number or name (make rnn)

# ---- Tests ----

# A test suite is one file in tests/ with the library; a chapter's has the chapter's method and cases, too.
CHECK = $(shell pkg-config --libs check)
SUITES := $(patsubst tests/%.c,%,$(wildcard tests/*.c))
$(BUILD)/tests/%.test: $(BUILD)/tests/%.o $(LIBRARY)
	$(SAY) "  link  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(LIBRARY) $(CHECK) $(LDLIBS_$*) $(LDLIBS) -o $@

.PHONY: test
test: $(SUITES:%=$(BUILD)/tests/%.test) $(TOOLS:%=$(BUILD)/%) $(foreach c,$(CHAPTERS),$(BUILD)/$c/$c) check-book ## run all tests and check the texts against their sources
	@failed=; for suite in $(SUITES); do BUILD=$(BUILD) $(BUILD)/tests/$$suite.test || failed="$$failed $$suite"; done; \
	    if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# The right program passes; without that, no failure of a mutant means anything.
$(BUILD)/tests/%.passed: $(BUILD)/tests/%.test
	@BUILD=$(BUILD) $< >$@.log || { cat $@.log; exit 1; }
	@touch $@

.PHONY: mutants
mutants: $(CHAPTERS:%=$(BUILD)/tests/%.passed) $(foreach c,$(CHAPTERS),$(foreach k,$(call MISTAKES,$c),$(call VARIANT,$c,$k)/survives)) ## show that every known mistake makes a test fail
	@if grep -lx yes $(filter %/survives,$^) /dev/null; then echo "these mistakes survive the tests"; exit 1; \
	    else echo "$(words $(filter %/survives,$^)) mistakes, all of them make a test fail"; fi

# How many claims every chapter makes, and their verdicts: the table that book.md shows.
COUNT_CLAIMS = awk -F'\t' 'FNR == 1 { for (i = 1; i <= NF; i++) if ($$i == "verdict") v = i; split(FILENAME, at, "/"); next } \
    { n[at[2]]++; n[at[2], $$v]++ } \
    END { print "chapter\tclaims\treproduced\tin_part\tnot_at_this_scale"; k = split("$(CHAPTERS)", name, " "); \
        for (i = 1; i <= k; i++) { c = name[i]; \
            print c "\t" n[c] + 0 "\t" n[c, "reproduced"] + 0 "\t" n[c, "in part"] + 0 "\t" n[c, "not at this scale"] + 0 } }' \
    $(CHAPTERS:%=chapters/%/reference/claims.tsv)

.PHONY: verify
verify: $(CHAPTERS:%=$(BUILD)/%/done) ## compare what every program writes with its reference, byte for byte
	@for c in $(CHAPTERS); do diff -rqs -x '*.svg' -x '*.timing.tsv' chapters/$$c/reference $(BUILD)/$$c/out >$(BUILD)/$$c/compared; \
	    equal=$$?; sed -E 's/^Files (.*) and .* are identical$$/same  \1/' $(BUILD)/$$c/compared; [ $$equal = 0 ] || { echo; grep -v identical $(BUILD)/$$c/compared; exit 1; }; done
	@$(COUNT_CLAIMS) | diff - tests/claims.tsv
	@echo "$$(find $(CHAPTERS:%=chapters/%/reference) -type f | wc -l) files of $(words $(CHAPTERS)) chapters, all equal byte for byte"

.PHONY: reference
reference: $(CHAPTERS) ## take outputs and figures over as the reference and weave the texts: read the difference
	@for c in $(CHAPTERS); do ls $(BUILD)/$$c/out/*.svg >/dev/null || exit 1; done
	@for c in $(CHAPTERS); do rm -rf chapters/$$c/reference plots/$$c && mkdir -p plots/$$c && \
	    cp -r $(BUILD)/$$c/out chapters/$$c/reference && rm -f chapters/$$c/reference/*.timing.tsv && \
	    mv chapters/$$c/reference/*.svg plots/$$c/ || exit 1; done
	@$(COUNT_CLAIMS) >tests/claims.tsv
	$(Q)$(WEAVE) $(TEXTS)

# The largest error of every case; ERRORS=tests/crosscheck/errors.tsv publishes the table that book.md shows.
PYTHON := python3
ERRORS := $(BUILD)/errors.tsv
.PHONY: crosscheck
crosscheck: $(BUILD)/compare $(foreach c,$(CHAPTERS),$(BUILD)/$c/$c) ## hold every reference case against PyTorch, SciPy and pycocotools in float64, from the .npy files alone
	@$(PYTHON) -c 'import numpy, scipy, torch' 2>/dev/null || { echo "crosscheck needs PyTorch and SciPy: sudo apt-get install python3-torch python3-scipy, or PYTHON=..."; exit 1; }
	@printf 'case\tagainst\ttensors\tlargest_error\tpytorch_float32_error\ttolerance\terror_over_tolerance\n' >$(BUILD)/errors.part
	@for c in $(CHAPTERS) book mistakes; do \
	    BUILD=$(BUILD) MAP=$(BUILD)/map/map ERRORS=$(BUILD)/errors.part $(PYTHON) tests/crosscheck/$$c.py || exit 1; done
	@mv $(BUILD)/errors.part $(ERRORS)

# The same tests with the address and undefined-behaviour sanitizers, in a build folder of their own.
.PHONY: sanitize
sanitize: ## run all tests under the address and undefined-behaviour sanitizers, and the fuzzers for a while
	$(MAKE) BUILD=$(BUILD)/sanitize OPT=-O1 LDFLAGS=-fsanitize=address,undefined \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' test
	$(MAKE) fuzz

# A fuzzer is tests/fuzz/NAME.c with the sources that it feeds; it begins with the files of tests/fuzz/NAME/.
FUZZ_map := $(patsubst %,chapters/map/%.c,map names reading uncertainty warnings) common/fail.c common/numeric.c common/random.c
FUZZ_reading := common/npy.c common/table.c common/file.c common/fail.c
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_CC := clang
RUNS := 200000

$(BUILD)/fuzz/%: tests/fuzz/%.c FORCE
	@mkdir -p $@-found
	$(SAY) "  fuzz  $<"
	$(Q)$(FUZZ_CC) -std=gnu11 -O1 -g -Icommon -Ichapters -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    $< $(FUZZ_$*) $(LDLIBS_$*) -lm -o $@

.PHONY: fuzz
ifeq ($(shell command -v $(FUZZ_CC)),)
fuzz:
	@echo "the fuzzers need clang: sudo apt-get install clang libclang-rt-14-dev; they were not run"
else
fuzz: $(FUZZERS:%=$(BUILD)/fuzz/%) ## feed the parsers RUNS damaged inputs each (200000)
	@for f in $(FUZZERS); do $(BUILD)/fuzz/$$f -runs=$(RUNS) -seed=1 -max_len=1000 -dict=tests/fuzz/$$f.dict -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/$$f-found tests/fuzz/$$f >$(BUILD)/fuzz/$$f.log 2>&1 || \
	    { tail -40 $(BUILD)/fuzz/$$f.log; exit 1; }; \
	    echo "$$f: $$(sed -n 's/^stat::number_of_executed_units: //p' $(BUILD)/fuzz/$$f.log) inputs, no finding"; done
endif

# The same bits everywhere: other compilers, options, instruction sets, threads, and arm64 under qemu.
$(BUILD)/tests/reproducible/units: $(BUILD)/tests/reproducible/units.o $(LIBRARY)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

.PHONY: reproducible reproducible-short
reproducible: ## show the same bits over compilers, options, instruction sets, threads and arm64 (40 minutes)
	@bash tests/reproducible/reproducible.sh "$(CHAPTERS)" long
reproducible-short: ## the same for the building blocks in four builds
	@bash tests/reproducible/reproducible.sh "$(CHAPTERS)" short

# A benchmark is one file in tests/bench/. Those of other people's libraries are built where these are installed.
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(LIBRARY)
	$(SAY) "  link  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(LIBRARY) $(if $(BENCH_$*),$(shell pkg-config --libs $(BENCH_$*))) $(LDLIBS_$*) $(LDLIBS) -o $@
BENCH_matmul := openblas
BENCH_functions := sleef
BENCH_fft := fftw3
$(BUILD)/tests/bench/matmul.o: CPPFLAGS += $(shell pkg-config --cflags openblas 2>/dev/null)
$(BUILD)/tests/bench/steps: $(foreach c,rnn transformer linear_attention performer s4,$(BUILD)/chapters/$c/$c.o) $(BUILD)/chapters/s4/layer.o
$(BUILD)/tests/bench/td: $(BUILD)/chapters/td/td.o $(BUILD)/chapters/td/environments.o
$(BUILD)/tests/bench/map: $(patsubst %,$(BUILD)/chapters/map/%.o,map detector names reading writing)
BENCHMARKS = steps td map $(foreach p,matmul functions fft,$(if $(shell pkg-config --exists $(BENCH_$p) && echo yes),$p))

# A Python with what Debian's has not; tests/bench/bench.py says how to make it.
NEWEST := $(BUILD)/venv/bin/python
.PHONY: bench
bench: $(BENCHMARKS:%=$(BUILD)/tests/bench/%) ## measure side by side with what a reader would use instead; ONLY=lstm a part
ifeq ($(ARCH),x86-64-v4)
	$(if $(filter matmul,$(BENCHMARKS)),@$(MAKE) --no-print-directory BUILD=$(BUILD)/avx2 ARCH=x86-64-v3 $(BUILD)/avx2/tests/bench/matmul)
endif
	@$(PYTHON) tests/bench/bench.py --build $(BUILD) --only "$(ONLY)" $(NEWEST) $(PYTHON)
	@if command -v gnuplot >/dev/null; then gnuplot plots/style.gp plots/bench.gp && sed -i '$(NO_IDS)' plots/bench/ratios.svg; \
	    else echo "gnuplot is not installed: the figure is not drawn"; fi

# ---- The book ----

# The texts, and the book made of them.
TEXTS := $(wildcard README.md book.md) $(foreach c,$(CHAPTERS),chapters/$c/$c.md)
WEAVE := lua5.4 common/press/weave.lua --chapters "$(CHAPTERS)"

.PHONY: weave
weave: ## fill the code, tables and numbers of the texts from their sources
	$(Q)$(WEAVE) $(TEXTS)

.PHONY: check-book
check-book: ## check that the texts agree with their sources and show every line of the methods
	$(Q)$(WEAVE) --check $(TEXTS)

BOOK := $(BUILD)/book
WOVEN := $(BUILD)/woven
PANDOC = pandoc -f gfm+tex_math_dollars+attributes-implicit_figures --mathml -L common/tools/book.lua -M chapters="$(CHAPTERS)"
PAGE = $(PANDOC) -t html5 --template common/tools/page.html --toc --toc-depth 3
STYLE := common/tools/book.lua common/tools/page.html Makefile
PAGES := $(BOOK)/index.html $(CHAPTERS:%=$(BOOK)/%.html)
PROGRAMS := $(wildcard common/*.[ch] $(foreach c,$(CHAPTERS),chapters/$c/*.[ch]))
COMMON_PAGES := $(patsubst %,$(BOOK)/%.html,$(filter common/%,$(PROGRAMS)))
CHAPTER_PAGES := $(patsubst chapters/%,$(BOOK)/%.html,$(filter chapters/%,$(PROGRAMS)))
BOOK_FIGURES := $(patsubst plots/%,$(BOOK)/%,$(wildcard $(foreach c,$(CHAPTERS) bench,plots/$c/*.svg)))

ifeq ($(shell command -v pandoc),)
PANDOC = echo "the book needs pandoc: sudo apt-get install pandoc" >&2; false
endif

.PHONY: book
book: $(PAGES) $(COMMON_PAGES) $(CHAPTER_PAGES) $(BOOK_FIGURES) $(BOOK)/book.css $(BOOK)/line-by-line.epub ## make the book
	@echo $(BOOK)/index.html $(BOOK)/line-by-line.epub

$(WOVEN)/index.md: book.md $(TEXTS)
$(foreach c,$(CHAPTERS),$(eval $(WOVEN)/$c.md: chapters/$c/$c.md $(wildcard chapters/$c/reference/*.tsv)))
$(WOVEN)/index.md $(CHAPTERS:%=$(WOVEN)/%.md): common/press/weave.lua $(PROGRAMS)
	@mkdir -p $(@D)
	$(Q)$(WEAVE) --book $@ $(firstword $(filter %.md,$^))

$(PAGES): $(BOOK)/%.html: $(WOVEN)/%.md $(STYLE) $(TEXTS)
	@mkdir -p $(@D)
	$(Q)$(PAGE) -M page=$* -o $@ $<

$(COMMON_PAGES): $(BOOK)/%.html: % $(STYLE) $(TEXTS)
	@mkdir -p $(@D)
	$(Q)$(PAGE) -M page=$< -o $@ /dev/null

$(CHAPTER_PAGES): $(BOOK)/%.html: chapters/% $(STYLE) $(TEXTS)
	@mkdir -p $(@D)
	$(Q)$(PAGE) -M page=$< -o $@ /dev/null

$(BOOK_FIGURES): $(BOOK)/%.svg: plots/%.svg
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(BOOK)/book.css: common/tools/book.css
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(BOOK)/line-by-line.epub: $(WOVEN)/index.md $(CHAPTERS:%=$(WOVEN)/%.md) $(BOOK_FIGURES) $(STYLE) common/tools/book.css common/tools/cover.svg
	$(Q)$(PANDOC) --file-scope --css common/tools/book.css --epub-cover-image common/tools/cover.svg -M page=epub -o $@ $(filter $(WOVEN)/%,$^)

BROWSER := $(firstword $(shell command -v chromium google-chrome))
.PHONY: browser
ifneq ($(strip $(if $(BROWSER),,chromium) $(if $(shell command -v epubcheck),,epubcheck)),)
browser:
	@echo "the book's test needs chromium and epubcheck: sudo apt-get install chromium fonts-dejavu epubcheck"; exit 1
else
browser: book ## open every page of the book in a browser and check it, light and dark, on a phone and on paper
	@$(PYTHON) tests/browser/browser.py --defects
	@$(PYTHON) tests/browser/browser.py $(BOOK)
endif

.PHONY: clean
clean: ## remove all that was built
	rm -rf $(BUILD)

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

.SECONDARY:
-include $(shell find $(BUILD) -name "*.d" 2>/dev/null)
