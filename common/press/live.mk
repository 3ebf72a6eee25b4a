# Live pages: the book's own C as WebAssembly in the reader's browser. `make live` puts it into the book's folder and
# names it in the pages; common/press/live.md says how it works.

LIVE := $(BOOK)/live
WASM := $(BUILD)/wasm
# All other commands do not read what follows: with every chapter's cases it would cost each of them a moment.
ifneq ($(filter live live-% $(WASM)/% $(LIVE)/%,$(MAKECMDGOALS)),)

WASM_CC := clang
WASM_PACKAGES := clang lld wasi-libc libclang-rt-14-dev-wasm32 python3
# A page has one thread (what only an OpenMP line reads is unused), no terminal and no fused instruction; the stubs in
# common/press/live/ stand for what WASI lacks.
WASM_CFLAGS := --target=wasm32-wasi -std=gnu11 -O3 -msimd128 -ffp-contract=off -fno-math-errno -fno-trapping-math \
    -DFMA_EXACT -D_GNU_SOURCE= -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS \
    $(WARN) -Wno-unknown-pragmas -Wno-unused-function -Wno-unused-variable -Icommon/press/live
WASM_LDLIBS := -Wl,-s -lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks \
    -Wl,--stack-first,-z,stack-size=8388608

# A chapter with a folder live/ has an interactive: live/X.c, functions around its own, and live/X.js, what they show.
LIVE_CHAPTERS := $(foreach c,$(CHAPTERS),$(if $(wildcard chapters/$c/live/$c.c),$c))

WASM_STAMP := $(WASM)/compiled-with
$(shell mkdir -p $(WASM); [ "$$(cat $(WASM_STAMP) 2>/dev/null)" = '$(WASM_CFLAGS)' ] || echo '$(WASM_CFLAGS)' >$(WASM_STAMP))

$(WASM)/%.o: %.c $(WASM_STAMP)
	@mkdir -p $(@D)
	$(SAY) "  wasm  $<"
	$(Q)$(WASM_CC) $(WASM_CFLAGS) $(CPPFLAGS) -MF $(@:.o=.needs) -c $< -o $@

WASM_LIBRARY := $(LIBRARY_SOURCES:%.c=$(WASM)/%.o)

# What nothing calls does not get in: the linker takes functions, not files.
define WASM_LINK
$(SAY) "  link  $@"
$(Q)$(WASM_CC) $(WASM_CFLAGS) $(filter %.o,$^) $(WASM_LDLIBS)
endef

$(WASM)/compare.wasm: $(WASM)/common/checker/compare.o $(WASM_LIBRARY)
	$(WASM_LINK) -o $@

# A chapter's module has the functions of live/*.c with _live_ in their names, and what they call; X-program.wasm is the
# whole program, for tests. Of a chapter that needs a library the module has the method alone, the program the cases.
WASM_CASES_map := tests/live/map.c $(foreach f,map cases uncertainty worked_example writing,chapters/map/$f.c)
define WASM_RULES
WASM_PARTS_$(1) := $$(patsubst $(BUILD)/%,$(WASM)/%,$$(if $$(LIBS_$(1)),$$(METHOD_$(1):%=$(BUILD)/chapters/$(1)/%.o),$$(TESTED_$(1))))
$(WASM)/$(1).wasm: $$(patsubst %.c,$(WASM)/%.o,$(wildcard chapters/$(1)/live/*.c)) $$(WASM_PARTS_$(1)) $(WASM_LIBRARY)
	$$(WASM_LINK) -mexec-model=reactor \
	    $$$$(sed -nE 's/^($(1)_live_[a-z0-9_]*)\(.*/-Wl,--export=\1/p' chapters/$(1)/live/*.c) -o $$@
$(WASM)/$(1)-program.wasm: $$(if $$(LIBS_$(1)),$$(WASM_CASES_$(1):%.c=$(WASM)/%.o),$$(patsubst $(BUILD)/%,$(WASM)/%,$$(OBJECTS_$(1)))) $(WASM_LIBRARY)
	$$(WASM_LINK) -o $$@
endef
$(foreach c,$(CHAPTERS),$(eval $(call WASM_RULES,$c)))

# A page may be a file on the reader's disk, where a script may load scripts and nothing else: so all is base64 in one,
# the module and the files that it reads.
$(foreach c,$(CHAPTERS),$(eval $(LIVE)/$c.wasm.js: $(LIVE_READS_$c)))
$(LIVE)/%.wasm.js: $(WASM)/%.wasm
	@mkdir -p $(@D)
	@{ printf 'live.code.$* = "'; base64 -w0 $<; printf '";\n'; \
	    for f in $(LIVE_READS_$*); do printf "live.reads['$$f'] = \""; base64 -w0 $$f; printf '";\n'; done; } >$@

$(foreach c,$(CHAPTERS),$(eval $(LIVE)/$c.zip: $(wildcard chapters/$c/reference/*/*)))
$(LIVE)/%.zip: common/press/live/zip.py common/checker/FORMAT.md
	@mkdir -p $(@D)
	$(Q)python3 common/press/live/zip.py $@ $*

$(LIVE)/%.cases.js: $(LIVE)/%.zip
	@{ printf 'live.code.$*_cases = "'; base64 -w0 $<; printf '";\n'; } >$@

LIVE_SCRIPTS := common/press/live/wasi.js common/press/live/controls.js common/press/live/checker.js
$(LIVE)/live.js: $(LIVE_SCRIPTS)
	@mkdir -p $(@D)
	@cat $^ >$@

$(LIVE)/live.css: common/press/live/live.css
	@mkdir -p $(@D)
	@cp $< $@

define LIVE_SCRIPT
$(LIVE)/$(1).js: chapters/$(1)/live/$(1).js
	@mkdir -p $$(@D)
	@cp $$< $$@
endef
$(foreach c,$(LIVE_CHAPTERS),$(eval $(call LIVE_SCRIPT,$c)))

LIVE_FILES := $(LIVE)/live.js $(LIVE)/live.css $(LIVE)/compare.wasm.js $(CHAPTERS:%=$(LIVE)/%.cases.js) \
    $(LIVE_CHAPTERS:%=$(LIVE)/%.wasm.js) $(LIVE_CHAPTERS:%=$(LIVE)/%.js)

.PHONY: live live-files
# The pages name the scripts once these are there.
live-files: $(LIVE_FILES) $(PAGES)
	@for c in $(CHAPTERS); do sed -i -e '/src="live\/live.js"/d' \
	    -e "s|^</head>|<script src=\"live/live.js\" data-chapter=\"$$c\" data-cases=\"$$(cd chapters/$$c/reference && echo */)\"$$([ ! -e $(LIVE)/$$c.js ] || echo ' data-turn') defer></script>\n</head>|" $(BOOK)/$$c.html; done

live: book ## make the book with its C in the pages: the checker, and something to try in every chapter
	@if echo 'int main(void) { return 0; }' | $(WASM_CC) $(WASM_CFLAGS) -xc - -o $(WASM)/probe.wasm 2>/dev/null && \
	    command -v python3 >/dev/null; then $(MAKE) --no-print-directory live-files; else \
	    echo "the pages are as before; for live ones: sudo apt-get install $(WASM_PACKAGES)"; fi

# What shows that they are right: the bits, the checker's words, the numbers behind the interactives. Needs Node.
.PHONY: live-test
live-test: $(BUILD)/compare $(WASM)/compare.wasm $(WASM)/fma.wasm $(LIVE_CHAPTERS:%=$(WASM)/%.wasm) $(CHAPTERS:%=$(WASM)/%-program.wasm) ## test the book's C as WebAssembly, in Node
	@node --no-warnings tests/live/run.js $(WASM)/fma.wasm --out $(WASM)/none
	@node tests/live/bits.js $(BUILD)
	@node tests/live/parts.js $(BUILD)
	@node tests/live/checker.js $(BUILD)

# Programs of one file: the hard sums, and the building blocks of make reproducible.
$(WASM)/fma.wasm: $(WASM)/tests/live/fma.o $(WASM_LIBRARY)
$(WASM)/units.wasm: $(WASM)/tests/reproducible/units.o $(WASM_LIBRARY)
$(WASM)/fma.wasm $(WASM)/units.wasm:
	$(WASM_LINK) -o $@

-include $(shell find $(WASM) -name '*.needs' 2>/dev/null)
endif
