# Line by Line: every command of the book. `make help` lists them.

# The book's one list of chapters, in parts: the first of part 1 is `make chapter1`. A chapter is a folder in
# chapters/ with a chapter.mk, a suite in tests/, a cross-check in tests/crosscheck/, figures in plots/.
PARTS := 1 2 3 4
PART_1 := rnn transformer rope linear_attention performer s4 td map
TITLE_1 := The first eight
PART_2 := bpe word2vec flash_attention gau speculative
TITLE_2 := The engine room of a language model
PART_3 := activations adamw mixed_precision checkpointing many_machines
TITLE_3 := How training works
PART_4 := vit clip
TITLE_4 := Seeing

CHAPTERS := $(foreach p,$(PARTS),$(PART_$p))

ifeq ($(origin CC),default)
CC := gcc
endif
OPT := -O3
# ARCH is the instruction set: the widest that this machine has. It changes the speed and no bit of any result.
CPU := $(shell uname -m)
ifeq ($(CPU),x86_64)
FLAGS := $(shell grep -m1 '^flags' /proc/cpuinfo)
# Every flag that a level of the psABI needs, as /proc/cpuinfo spells it: abm has lzcnt.
V3 := avx2 bmi1 bmi2 f16c fma abm movbe
V4 := $(V3) avx512f avx512bw avx512cd avx512dq avx512vl
ARCH := $(if $(filter-out $(FLAGS),$(V3)),x86-64,$(if $(filter-out $(FLAGS),$(V4)),x86-64-v3,x86-64-v4))
ifeq ($(ARCH),x86-64)
$(info This machine has no AVX2: building for plain x86-64. Every result is right, and slow.)
endif
MARCH = -march=$(ARCH) $(if $(filter x86-64-v4,$(ARCH)),-mprefer-vector-width=512)
endif
# WERROR=-Werror: what is a warning here is an error in CI, and another compiler may have other ones.
WARN := -Wall -Wextra -Wpedantic -Wshadow $(WERROR) -Wno-psabi
CFLAGS := -std=gnu11 $(OPT) $(MARCH) -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp -g $(SANITIZE) $(WARN)
# ASKED: what make reproducible defines in one of its builds.
CPPFLAGS := -Icommon -Ichapters $(ASKED) -MMD -MP
LDLIBS := -lm
BUILD := build
# Short lines for commands; V=1 shows them whole.
Q := $(if $(V),,@)
SAY := @$(if $(V),:,echo)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: FORCE
FORCE:

.PHONY: all
all: $(CHAPTERS) book ## run every chapter, draw its figures and make the book

# ---- Compiling ----

TARGET := $(shell $(CC) $(CFLAGS) -dM -E -xc /dev/null 2>/dev/null | sed -nE 's/.*define (__SIZEOF_LONG__|__aarch64__) /\1=/p')
ifneq ($(filter __SIZEOF_LONG__=4,$(TARGET)),)
$(error $(CC) compiles for 32 bits, whose processors round otherwise: the book needs a 64-bit machine)
endif
# gcc 12 for arm64 has an internal error where it makes vectors of a loop of fmax over floats.
CFLAGS += $(if $(filter __aarch64__=1,$(TARGET)),-fno-builtin-fmax -fno-builtin-fmin)

# A stamp that changes with the compiler and its flags: everything that is compiled depends on it.
STAMP := $(BUILD)/compiled-with
COMPILED_WITH := $(CC) $(shell $(CC) -dumpfullversion -dumpversion) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS)
$(shell mkdir -p $(BUILD); [ "$$(cat $(STAMP) 2>/dev/null)" = '$(COMPILED_WITH)' ] || echo '$(COMPILED_WITH)' >$(STAMP))

$(BUILD)/%.o: %.c $(STAMP)
	@mkdir -p $(@D)
	$(SAY) "  cc    $<"
	$(Q)$(CC) $(CPPFLAGS) $(MORE) $(CFLAGS) -c $< -o $@

# A header that a package brings, named before a compiler names it at length.
define HEADER_RULE
$(BUILD)/has-$(1):
	@echo '#include <$(1).h>' | $$(CC) -E -xc - >/dev/null 2>&1 || { echo "$(1).h is missing: sudo apt-get install $(2)" >&2; exit 1; }
	@touch $$@
endef
$(eval $(call HEADER_RULE,jansson,libjansson-dev))
$(eval $(call HEADER_RULE,check,check pkg-config))

# A program from its objects and libraries.
define LINK
@mkdir -p $(@D)
$(SAY) "  link  $@"
$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(LDLIBS) -o $@
endef

# The same for $(basename $@), whose stamp $@ is: a program that comes out as it was keeps its time, so that what it
# has computed is not computed again because of a file of common/ that it does not have.
define LINK_IF_CHANGED
@mkdir -p $(@D)
$(SAY) "  link  $(basename $@)"
$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(filter-out $(RIGHT),$(filter %.o,$^)) $(filter %.a,$^) $(LIBS) $(LDLIBS) -o $@.new
@if cmp -s $@.new $(basename $@); then rm $@.new; else mv $@.new $(basename $@); fi
@touch $@
endef

# A tool is one file in common/checker/ with the library.
TOOLS := compare mistakes
LIBRARY := $(BUILD)/libcommon.a
LIBRARY_SOURCES := $(filter-out $(TOOLS:%=common/checker/%.c),$(wildcard $(foreach r,frame nets nets/ops data numbers files checker,common/$r/*.c)))

$(LIBRARY): $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(TOOLS:%=$(BUILD)/%.linked): $(BUILD)/%.linked: $(BUILD)/common/checker/%.o $(LIBRARY)
	$(LINK_IF_CHANGED)
$(TOOLS:%=$(BUILD)/%): %: %.linked ;

# ---- Chapters: program, run, figures ----

# chapters/NAME/chapter.mk says what a chapter needs besides common/:
# USES, the earlier chapters whose method it calls; SHARES, files that later chapters may call, too, beside its
# method NAME.c; LIBS, libraries to link; LIVE_READS, files that its part of the live pages reads.
define READ_CHAPTER
$(if $(wildcard chapters/$(1)/chapter.mk),,$(error the list of chapters names $(1), and there is no chapters/$(1)/chapter.mk (it may be empty)))
USES :=
SHARES :=
LIBS :=
LIVE_READS :=
include chapters/$(1)/chapter.mk
USES_$(1) := $$(USES)
LIBS_$(1) := $$(LIBS)
LIVE_READS_$(1) := $$(LIVE_READS)
METHOD_$(1) := $(1) $$(SHARES:.c=)
# With what they use themselves.
NEEDS_$(1) := $$(sort $$(USES) $$(foreach u,$$(USES),$$(NEEDS_$$u)))
# What its tests link, too: all but main and the figures.
TESTED_$(1) := $$(patsubst %.c,$(BUILD)/%.o,$$(filter-out %/main.c,$$(wildcard chapters/$(1)/*.c)))
TESTED_$(1) += $$(foreach u,$$(NEEDS_$(1)),$$(patsubst %,$(BUILD)/chapters/$$u/%.o,$$(METHOD_$$u)))
OBJECTS_$(1) := $$(patsubst %.c,$(BUILD)/%.o,$$(wildcard chapters/$(1)/main.c chapters/$(1)/figures/*.c)) $$(TESTED_$(1))
# Programs beside the chapter's own: tools/NAME.c is the main of build/CHAPTER/NAME.
TOOLS_$(1) := $$(patsubst chapters/$(1)/tools/%.c,$(BUILD)/$(1)/%,$$(wildcard chapters/$(1)/tools/*.c))
endef
$(foreach c,$(CHAPTERS),$(eval $(call READ_CHAPTER,$c)))
LIBS :=

# gnuplot gives two curves of one figure the same id, and a polygon's end as a text, which e-readers refuse and nothing uses,
# and calls every figure "Gnuplot".
NO_IDS := s/ id="gnuplot_plot_[0-9a-z]*"//; s|/>Z </g>|/></g>|

# Draws the figures of the data in folder $(1) by the rules $(2).
define DRAW
@if command -v gnuplot >/dev/null; then \
    gnuplot -e "data='$(1)/'" plots/style.gp $(2) && find $(1) -name '*.svg' | while read -r f; do \
    echo "$$f"; sed -i -e '$(NO_IDS)' -e "s|<title>Gnuplot|<title>$$(basename "$$f" .svg)|" "$$f"; done; \
else echo "the figures are not drawn (the numbers are in $(1)): sudo apt-get install gnuplot-nox"; fi
endef

define CHAPTER_RULES
$(if $(findstring jansson,$(LIBS_$(1))),$(OBJECTS_$(1)): | $(BUILD)/has-jansson)
$(BUILD)/$(1)/$(1).linked: LIBS := $(LIBS_$(1))
$(BUILD)/$(1)/$(1).linked: $(OBJECTS_$(1)) $(LIBRARY)
	$$(LINK_IF_CHANGED)
$(BUILD)/$(1)/$(1): $(BUILD)/$(1)/$(1).linked ;
$(foreach t,$(TOOLS_$(1)),$(eval $t: $(patsubst $(BUILD)/$(1)/%,$(BUILD)/chapters/$(1)/tools/%.o,$t)))
$(if $(TOOLS_$(1)),$(TOOLS_$(1)): $(TESTED_$(1)) $(LIBRARY); $$(LINK))

# The run makes the folder anew, so that nothing of an older run stays in it. The stamp goes first and comes
# last: a run that failed, or whose claims were contradicted, is run again, and so is one whose output is gone. A
# program uses all cores and the terminal: with make -j they run one after another. (RUN: options, for make faults.)
$(BUILD)/$(1)/done: $(if $(wildcard $(BUILD)/$(1)/out/run.tsv),,FORCE) $(BUILD)/$(1)/$(1)
	@rm -rf $$@ $(BUILD)/$(1)/out
	@flock $(BUILD)/running sh -c 'echo "  run   $(1), chapter $(2) of $(words $(CHAPTERS))"; exec $(BUILD)/$(1)/$(1) $(RUN) --out $(BUILD)/$(1)/out >$(BUILD)/$(1)/said' || \
	    { status=$$$$?; cat $(BUILD)/$(1)/said; exit $$$$status; }
	@touch $$@

.PHONY: $(1)
ifdef FIGURE
$(1): $(BUILD)/$(1)/$(1)
	@rm -rf $(BUILD)/$(1)/only
	@$(BUILD)/$(1)/$(1) --only $(FIGURE) --out $(BUILD)/$(1)/only
	@grep -q '^# ---- $(FIGURE) ----' plots/$(1).gp || { echo "$(FIGURE) is a table only: $(BUILD)/$(1)/only"; exit 0; }
	@awk 'BEGIN { on = 1 } /^# ---- /{ on = $$$$3 == "$(FIGURE)" } on' plots/$(1).gp >$(BUILD)/$(1)/only.gp
	$$(call DRAW,$(BUILD)/$(1)/only,$(BUILD)/$(1)/only.gp)
else
$(1): $(BUILD)/$(1)/done $(TOOLS_$(1)) $(BUILD)/compare plots/$(1).gp plots/style.gp
	@cmp -s chapters/$(1)/reference/run.tsv $(BUILD)/$(1)/out/run.tsv || [ ! -e chapters/$(1)/reference/run.tsv ] || \
	    { echo "$(BUILD)/$(1)/out holds another run than the whole one: rm $(BUILD)/$(1)/done, and again"; exit 2; }
	@cat $(BUILD)/$(1)/said
	$$(call DRAW,$(BUILD)/$(1)/out,plots/$(1).gp)
	@echo "look at one: xdg-open $(BUILD)/$(1)/out/NAME.svg; read: chapters/$(1)/$(1).md, or make book and xdg-open $(BUILD)/book/$(1).html"
endif
endef

# chapter1 is the first of the list, and so on.
NUMBERS := $(shell seq $(words $(CHAPTERS)))
$(foreach n,$(NUMBERS),$(eval $(call CHAPTER_RULES,$(word $n,$(CHAPTERS)),$n)))
.PHONY: $(NUMBERS:%=chapter%)
$(foreach n,$(NUMBERS),$(eval chapter$n: $(word $n,$(CHAPTERS))))
chapter1: ## make the first chapter's figures and claims; so for every chapter, by number or name; make rnn FIGURE=error-wall makes one
chapter%:
	@echo "there is no chapter $*; there are $(foreach n,$(NUMBERS),$n $(word $n,$(CHAPTERS)))"; exit 2

.PHONY: clean
clean: ## remove all that was built
	rm -rf $(BUILD)

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

include common/checker/mistakes.mk common/press/book.mk common/press/live.mk tests/tests.mk
-include $(shell find $(BUILD)/chapters $(BUILD)/common $(BUILD)/tests -name '*.d' 2>/dev/null)
