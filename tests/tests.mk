# What shows that the book is right, and how fast it is.

# A test suite is one file in tests/ with the library; a chapter's has the chapter's parts, too.
CHECK = $(shell pkg-config --libs check)
SUITES := $(patsubst tests/%.c,%,$(wildcard tests/*.c))
$(CHAPTERS:%=tests/%.c):
	@echo "$@ is missing: the suite of a chapter"; exit 2
$(SUITES:%=$(BUILD)/tests/%.o): | $(BUILD)/has-check
$(SUITES:%=$(BUILD)/tests/%.test): LIBS = $(CHECK) $(LIBS_$(basename $(@F)))
$(SUITES:%=$(BUILD)/tests/%.test): $(BUILD)/tests/%.test: $(BUILD)/tests/%.o $(LIBRARY)
	$(LINK)
$(foreach c,$(CHAPTERS),$(eval $(BUILD)/tests/$c.test: $(TESTED_$c)))

.PHONY: check-layout
check-layout: ## check that every file includes only what its room may use
	@lua5.4 tests/layout.lua $(foreach c,$(CHAPTERS),"$c: $(USES_$c): $(filter-out $c,$(METHOD_$c))")

.PHONY: test
test: $(SUITES:%=$(BUILD)/tests/%.test) $(TOOLS:%=$(BUILD)/%) $(foreach c,$(CHAPTERS),$(BUILD)/$c/$c) check-layout check-book ## run all tests and check the texts against their sources
	@failed=; for suite in $(SUITES); do BUILD=$(BUILD) $(BUILD)/tests/$$suite.test || failed="$$failed $$suite"; done; \
	    if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# The right program passes; without that, no failure of a mutant means anything.
$(BUILD)/tests/%.passed: $(BUILD)/tests/%.test
	@BUILD=$(BUILD) $< >$@.log || { cat $@.log; exit 1; }
	@touch $@

# How many claims every chapter makes, of which kinds, and how many known mistakes it has; the last row is the book.
COUNT_CLAIMS = awk -F'\t' 'BEGIN { print "chapter\tclaims\treproduced\tin_part\tnot_at_this_scale\tfound\tchecks\tmistakes"; OFS = "\t" } \
    function count(kind) { n[at[2], kind]++; n["all", kind]++ } \
    FNR == 1 { for (i = 1; i <= NF; i++) if ($$i == "kind") v = i; split(FILENAME, at, "/"); next } \
    FILENAME ~ /mistakes.tsv$$/ { count("mistake"); next } \
    { count("claim"); count($$v) } \
    END { k = split("$(CHAPTERS) all", name, " "); for (i = 1; i <= k; i++) { c = name[i]; print c, n[c, "claim"] + 0, \
        n[c, "reproduced"] + 0, n[c, "in part"] + 0, n[c, "not at this scale"] + 0, n[c, "found"] + 0, n[c, "check"] + 0, n[c, "mistake"] + 0 } }' \
    $(wildcard $(CHAPTERS:%=chapters/%/reference/claims.tsv) $(CHAPTERS:%=chapters/%/mistakes.tsv)) /dev/null

.PHONY: verify
verify: $(CHAPTERS:%=$(BUILD)/%/published) ## compare what every program writes with its reference, byte for byte
	@bad=; for c in $(CHAPTERS); do diff -rqs -x '*.svg' -x '*.timing.tsv' chapters/$$c/reference $(BUILD)/$$c/out >$(BUILD)/$$c/compared || bad="$$bad $$c"; \
	    sed -E 's/^Files (.*) and .* are identical$$/same  \1/' $(BUILD)/$$c/compared; done; \
	    for c in $$bad; do echo; grep -v identical $(BUILD)/$$c/compared; done; [ -z "$$bad" ]
	@$(COUNT_CLAIMS) | diff - tests/claims.tsv
	@echo "$$(find $(CHAPTERS:%=chapters/%/reference) -type f | wc -l) files of $(words $(CHAPTERS)) chapters, all equal byte for byte"

# CHAPTER=toy: of one chapter.
CHAPTER := $(CHAPTERS)
.PHONY: reference
reference: $(CHAPTER) $(CHAPTER:%=$(BUILD)/%/published) ## take outputs and figures over as the reference and weave the texts (CHAPTER=rnn: of one): read the difference
	@for c in $(CHAPTER); do [ -n "$$(find $(BUILD)/$$c/out -name '*.svg')" ] || { echo "$(BUILD)/$$c/out has no figures"; exit 1; }; done
	@for c in $(CHAPTER); do rm -rf chapters/$$c/reference plots/$$c && mkdir -p plots/$$c && \
	    cp -r $(BUILD)/$$c/out chapters/$$c/reference && rm -f chapters/$$c/reference/*.timing.tsv && \
	    mv chapters/$$c/reference/*.svg plots/$$c/ || exit 1; done
	@$(COUNT_CLAIMS) >tests/claims.tsv
	$(Q)$(WEAVE) $(TEXTS)

# Every chapter under SEEDS other seeds, and for each claim how often it held.
SEEDS := 5
.PHONY: robust
robust: $(foreach c,$(CHAPTERS),$(BUILD)/$c/$c) ## run every chapter under SEEDS other seeds (5) and say how often each claim held (SEEDS times as long as the book)
	@for c in $(CHAPTERS); do for k in $$(seq $(SEEDS)); do rm -rf $(BUILD)/$$c/seed-$$k; echo "$$c, seed $$k"; \
	    $(BUILD)/$$c/$$c --seed $$k --out $(BUILD)/$$c/seed-$$k >$(BUILD)/$$c/seed-$$k.log || [ $$? = 1 ] || exit 2; done; done
	@lua5.4 tests/robust.lua $(BUILD) $(SEEDS) tests/robust.tsv $(CHAPTERS)

.PHONY: formulas
formulas: ## check that a repository's page shows every formula as it was written (needs cmark-gfm)
	@$(PYTHON) tests/formulas.py $(TEXTS)

# The largest error of every chapter and of every case; ERRORS=tests/crosscheck publishes the tables that the texts show.
PYTHON := python3
ERRORS := $(BUILD)
.PHONY: crosscheck
crosscheck: $(BUILD)/compare $(foreach c,$(CHAPTERS),$(BUILD)/$c/$c) ## hold every reference case against PyTorch, SciPy and pycocotools in float64, from the .npy files alone
	@$(PYTHON) -c 'import numpy, scipy, torch' 2>/dev/null || { echo "crosscheck needs PyTorch and SciPy: sudo apt-get install python3-torch python3-scipy, or PYTHON=..."; exit 1; }
	@printf 'chapter\tcases\ttensors\tlargest_error\terror_over_tolerance\tagainst\n' >$(BUILD)/chapters.part
	@printf 'case\ttensors\tlargest_error\tpytorch_float32_error\ttolerance\n' >$(BUILD)/errors.part
	@for c in $(CHAPTERS) $(patsubst tests/crosscheck/%.py,%,$(wildcard tests/crosscheck/mistakes/*.py)) book; do \
	    BUILD=$(BUILD) MAP=$(BUILD)/map/map ERRORS=$(BUILD) $(PYTHON) tests/crosscheck/$$c.py || exit 1; done
	@mv $(BUILD)/chapters.part $(ERRORS)/chapters.tsv && mv $(BUILD)/errors.part $(ERRORS)/errors.tsv

# The same tests with the address and undefined-behaviour sanitizers, in a build folder of their own. What they find
# is status 99, since compare itself ends with 1.
SANITIZED = BUILD=$(BUILD)/sanitize OPT=-O1 LDFLAGS=-fsanitize=address,undefined \
    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
SANITIZE_PARTS := suites chapters races fuzz
.PHONY: sanitize $(SANITIZE_PARTS:%=sanitize-%)
sanitize: ## run all tests and every chapter's --quick under the sanitizers of addresses and undefined behaviour, two chapters for races of threads, the fuzzers for a while (ONLY="races fuzz" some parts)
	@for part in $(or $(ONLY),$(SANITIZE_PARTS)); do echo "---- $$part"; $(MAKE) sanitize-$$part || exit 1; done
sanitize-%:
	@echo "make sanitize has no part $*; it has $(SANITIZE_PARTS)"; exit 2
sanitize-suites:
	ASAN_OPTIONS=allocator_may_return_null=1:exitcode=99 $(MAKE) $(SANITIZED) test
sanitize-chapters:
	$(MAKE) $(SANITIZED) $(foreach c,$(CHAPTERS),$(BUILD)/sanitize/$c/$c)
	@bash tests/faults/sanitized.sh $(BUILD) "$(CHAPTERS)" chapters
sanitize-races:
	@bash tests/faults/sanitized.sh $(BUILD) "$(CHAPTERS)" races
sanitize-fuzz:
	$(MAKE) fuzz

# The suites that hold what the reader touches, as tests/broken_lines.py has them.
HOLDING := file escape npy table frame progress likeness measures compare weave
.PHONY: broken-lines
broken-lines: ## change one line at a time of files, frame, checker and weaver: a test must fail (an hour; ONLY=npy.c a part)
	@$(MAKE) --no-print-directory $(SANITIZED) $(patsubst %,$(BUILD)/sanitize/%,$(HOLDING:%=tests/%.test) $(TOOLS))
	@$(PYTHON) tests/broken_lines.py --build $(BUILD)/sanitize --only "$(ONLY)"

# A fuzzer is tests/fuzz/NAME.c with the library, and with the parts of the chapter of this name; it begins with
# the files of tests/fuzz/NAME/. Of pointers clang's sanitizer finds NULL + 0, too, the end of an empty list, which C
# allows from C2y on; what is read or written outside is found by the other one.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
$(FUZZERS:%=$(BUILD)/tests/fuzz/%): LIBS = -fsanitize=fuzzer $(LIBS_$(@F))
$(FUZZERS:%=$(BUILD)/tests/fuzz/%): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIBRARY)
	$(LINK)
$(foreach f,$(FUZZERS),$(eval $(BUILD)/tests/fuzz/$f: $(TESTED_$f)))
FUZZ_CC := clang
FUZZ := $(BUILD)/fuzz
RUNS := 200000

.PHONY: fuzz
ifeq ($(shell command -v $(FUZZ_CC)),)
fuzz:
	@echo "the fuzzers need clang: sudo apt-get install clang libclang-rt-dev; they were not run"
else
fuzz: ## feed the parsers RUNS damaged inputs each (200000), the weaver a hundredth as many
	@$(MAKE) --no-print-directory BUILD=$(FUZZ) CC=$(FUZZ_CC) OPT=-O1 LDFLAGS=-fsanitize=address,undefined \
	    SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=pointer-overflow -fno-sanitize-recover=all' $(FUZZERS:%=$(FUZZ)/tests/fuzz/%)
	@for f in $(FUZZERS); do mkdir -p $(FUZZ)/$$f-found; $(FUZZ)/tests/fuzz/$$f -runs=$(RUNS) -seed=1 -max_len=1000 \
	    -dict=tests/fuzz/$$f.dict -print_final_stats=1 -artifact_prefix=$(FUZZ)/ $(FUZZ)/$$f-found tests/fuzz/$$f \
	    >$(FUZZ)/$$f.log 2>&1 || { tail -40 $(FUZZ)/$$f.log; exit 1; }; \
	    echo "$$f: $$(sed -n 's/^stat::number_of_executed_units: //p' $(FUZZ)/$$f.log) inputs, no finding"; done
	@rm -rf $(FUZZ)/checkout && mkdir $(FUZZ)/checkout && git ls-files -z | xargs -0 cp --parents -t $(FUZZ)/checkout
	@cd $(FUZZ)/checkout && lua5.4 tests/fuzz/weave.lua $$(($(RUNS) / 100 + 1))
endif

# The same bits everywhere: other compilers, options, instruction sets, threads, and arm64 under qemu.
$(BUILD)/tests/reproducible/units $(BUILD)/tests/reproducible/weights: %: %.o $(LIBRARY)
	$(LINK)
$(BUILD)/tests/reproducible/weights: $(TESTED_transformer)

.PHONY: faults
faults: $(BUILD)/compare $(foreach c,$(CHAPTERS),$(BUILD)/$c/$c) ## end programs, builds, disks and memory at many places: each is told in a line, and the next run is whole (10 minutes; ONLY=memory a part)
	@bash tests/faults/faults.sh $(BUILD) "$(CHAPTERS)" $(ONLY)

# What a release passes: .ci/run's, and what takes too long for it. First whether all is installed that is needed for
# other machines, then what is over soonest.
.PHONY: everything
everything: ## run all that shows that the book is right, what is over soonest first (hours)
	@bash tests/reproducible/reproducible.sh "$(CHAPTERS)" needed
	@for each in test formulas reproducible-short verify book live-test crosscheck browser faults mutants sanitize reproducible robust broken-lines; do \
	    echo "---- $$each"; $(MAKE) $$each || exit 1; done

.PHONY: reproducible reproducible-short
reproducible: ## show the same bits over compilers, options, instruction sets, threads and other machines, and tell for each part what it covered (hours; ONLY="blocks quick" some parts)
	@bash tests/reproducible/reproducible.sh "$(CHAPTERS)" long $(ONLY)
reproducible-short: ## the same for the building blocks in six builds
	@bash tests/reproducible/reproducible.sh "$(CHAPTERS)" short

# A benchmark is one file in tests/bench/, with the parts of the chapter of this name; `steps` has every method.
# Those of other people's libraries are built where these are installed.
BENCH_matmul := openblas
BENCH_functions := sleef
BENCH_fft := fftw3
BENCHMARKS = $(filter-out matmul functions fft ulp,$(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))) \
    $(foreach p,matmul functions fft,$(if $(shell pkg-config --exists $(BENCH_$p) 2>/dev/null && echo yes),$p))
$(BUILD)/tests/bench/matmul.o: MORE = $(shell pkg-config --cflags openblas)
$(BUILD)/tests/bench/%: LIBS = $(if $(BENCH_$(@F)),$(shell pkg-config --libs $(BENCH_$(@F)))) $(LIBS_$(@F))
# Only these are kept by name: with .SECONDARY for all, make would not miss the stamp of a run that was killed.
.SECONDARY: $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%.o,$(wildcard tests/bench/*.c))
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(LIBRARY)
	$(LINK)
$(foreach c,$(CHAPTERS),$(eval $(BUILD)/tests/bench/$c: $(TESTED_$c)))
$(BUILD)/tests/bench/steps $(BUILD)/tests/bench/growth: $(foreach c,$(CHAPTERS),$(METHOD_$c:%=$(BUILD)/chapters/$c/%.o))

# A Python with what Debian's has not; tests/bench/bench.py says how to make it.
NEWEST := $(BUILD)/venv/bin/python
define DRAW_BENCH
@if ! command -v gnuplot >/dev/null; then echo "gnuplot is not installed: the figures are not drawn"; \
else gnuplot plots/style.gp plots/bench.gp && for f in plots/bench/*.svg; do \
    sed -i -e '$(NO_IDS)' -e "s|<title>Gnuplot|<title>$$(basename "$$f" .svg)|" "$$f"; done; fi
endef
.PHONY: bench bench-growth
bench-growth: $(BUILD)/tests/bench/growth ## how time and memory grow with length, batch and width, beside the formulas; ONLY=attention a part
	@$(PYTHON) tests/bench/growth.py --build $(BUILD) --only "$(ONLY)"
	$(DRAW_BENCH)
bench: ## measure side by side with what a reader would use instead; ONLY=lstm a part, QUICK=1 what misses its goal, in a minute
ifeq ($(ARCH),x86-64-v4)
	$(if $(filter matmul,$(BENCHMARKS)),@$(MAKE) --no-print-directory BUILD=$(BUILD)/avx2 ARCH=x86-64-v3 $(BUILD)/avx2/tests/bench/matmul)
endif
	@$(MAKE) --no-print-directory $(BENCHMARKS:%=$(BUILD)/tests/bench/%)
	@$(PYTHON) tests/bench/bench.py --build $(BUILD) --only "$(ONLY)" $(if $(QUICK),--quick) $(NEWEST) $(PYTHON)
	$(DRAW_BENCH)
