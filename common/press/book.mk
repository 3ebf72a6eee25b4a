# The book: its texts woven, and pages made of them.

# The texts, and the book made of them.
TEXTS := $(wildcard README.md book.md tests/tables.md chapters/map/tool.md common/press/live.md) $(foreach c,$(CHAPTERS),chapters/$c/$c.md)

LIST := $(foreach p,$(PARTS),[$(TITLE_$p)] $(PART_$p))
WEAVE := lua5.4 common/press/weave.lua --chapters "$(LIST)"

.PHONY: weave
weave: ## fill the code, tables and numbers of the texts from their sources
	$(Q)$(WEAVE) $(TEXTS)

.PHONY: check-book
check-book: ## check that the texts agree with their sources, show every line of the methods and cite what they list
	$(Q)$(WEAVE) --check $(TEXTS)
	$(Q)lua5.4 tests/citations.lua --defects
	$(Q)lua5.4 tests/citations.lua $(TEXTS)

BOOK := $(BUILD)/book
WOVEN := $(BUILD)/woven
PANDOC = pandoc -f gfm+tex_math_dollars+attributes-implicit_figures-autolink_bare_uris --mathml -L common/press/book.lua \
    -M chapters="$(LIST)" -M figures=$(BOOK) -M woven=$(WOVEN)
PAGE = $(PANDOC) -t html5 --template common/press/page.html --toc --toc-depth 3
STYLE := common/press/book.lua common/press/sections.lua common/press/sources.lua common/press/cite.lua common/press/mathml.lua common/press/page.html common/press/book.mk Makefile
PAGES := $(BOOK)/index.html $(BOOK)/tables.html $(BOOK)/live.html $(patsubst chapters/map/tool.md,$(BOOK)/scoring.html,$(wildcard chapters/map/tool.md)) $(CHAPTERS:%=$(BOOK)/%.html)
WOVEN_CHAPTERS := $(CHAPTERS:%=$(WOVEN)/%.md)
BESIDE := book.css page.js math.woff2
# Everything that is shown whole, a page each.
PROGRAMS := $(wildcard $(foreach r,frame nets nets/ops data numbers files checker,common/$r/*.[ch]) $(foreach c,$(CHAPTERS),chapters/$c/*.[ch] chapters/$c/figures/*.c chapters/$c/tools/*.c chapters/$c/mpi/*.c))
COMMON_PAGES := $(patsubst %,$(BOOK)/%.html,$(filter common/%,$(PROGRAMS)))
CHAPTER_PAGES := $(patsubst chapters/%,$(BOOK)/%.html,$(filter chapters/%,$(PROGRAMS)))
BOOK_FIGURES := $(patsubst plots/%,$(BOOK)/%,$(wildcard $(foreach c,$(CHAPTERS) bench,plots/$c/*.svg)))

ifeq ($(shell command -v pandoc),)
PANDOC = echo "the book needs pandoc: sudo apt-get install pandoc" >&2; false
endif

.PHONY: book
book: $(PAGES) $(COMMON_PAGES) $(CHAPTER_PAGES) $(BOOK)/house.html $(BOOK_FIGURES) $(BESIDE:%=$(BOOK)/%) $(BOOK)/search.js $(BOOK)/line-by-line.epub ## make the book
	@echo $(BOOK)/index.html $(BOOK)/line-by-line.epub

$(WOVEN)/index.md: book.md $(TEXTS) $(wildcard $(CHAPTERS:%=chapters/%/reference/*.tsv))
$(WOVEN)/tables.md: tests/tables.md
$(WOVEN)/scoring.md: chapters/map/tool.md
$(WOVEN)/live.md: common/press/live.md
$(foreach c,$(CHAPTERS),$(eval $(WOVEN)/$c.md: chapters/$c/$c.md $(wildcard chapters/$c/reference/*.tsv)))
$(WOVEN)/index.md $(WOVEN)/tables.md $(WOVEN)/scoring.md $(WOVEN)/live.md $(CHAPTERS:%=$(WOVEN)/%.md): common/press/weave.lua $(PROGRAMS) $(wildcard tests/*.tsv tests/*/*.tsv)
	@mkdir -p $(@D)
	$(Q)$(WEAVE) --book $@ $(firstword $(filter %.md,$^))

$(PAGES): $(BOOK)/%.html: $(WOVEN)/%.md $(STYLE) $(TEXTS)
	@mkdir -p $(@D)
	$(Q)$(PAGE) -M page=$* -o $@ $<
	$(Q)lua5.4 common/press/mathml.lua $@

$(COMMON_PAGES): $(BOOK)/%.html: % $(WOVEN_CHAPTERS) $(STYLE)
	@mkdir -p $(@D)
	$(Q)$(PAGE) -M page=$< -o $@ /dev/null

$(CHAPTER_PAGES): $(BOOK)/%.html: chapters/% $(WOVEN_CHAPTERS) $(STYLE)
	@mkdir -p $(@D)
	$(Q)$(PAGE) -M page=$< -o $@ /dev/null

$(BOOK_FIGURES): $(BOOK)/%.svg: plots/%.svg common/press/figure.lua $(TEXTS)
	@mkdir -p $(@D)
	$(Q)lua5.4 common/press/figure.lua $< $(filter %/$(*D).md,$(TEXTS)) $(TEXTS) >$@

$(BOOK)/house.html: $(PROGRAMS) $(STYLE)
	@mkdir -p $(@D)
	$(Q)$(PAGE) -M page=house -M sources="$(sort $(PROGRAMS))" -o $@ /dev/null

$(BOOK)/search.js: $(WOVEN_CHAPTERS) $(WOVEN)/index.md common/press/search.lua common/press/sections.lua
	@mkdir -p $(@D)
	$(Q)lua5.4 common/press/search.lua $(WOVEN) index $(CHAPTERS) >$@

$(BESIDE:%=$(BOOK)/%): $(BOOK)/%: common/press/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

# An e-reader keeps a reader's notes by the book's identifier: it stays.
IDENTIFIER := urn:uuid:5e0c6f0e-9d2b-5c1c-8f5e-6c696e656279
$(BOOK)/line-by-line.epub: $(WOVEN)/index.md $(CHAPTERS:%=$(WOVEN)/%.md) $(BOOK_FIGURES) $(STYLE) common/press/book.css common/press/math.woff2 common/press/cover.svg
	@sed 's|url("math.woff2")|url("../fonts/math.woff2")|' common/press/book.css >$(WOVEN)/epub.css
	$(Q)$(PANDOC) --file-scope --css $(WOVEN)/epub.css --epub-embed-font common/press/math.woff2 \
	    --epub-cover-image common/press/cover.svg -M identifier=$(IDENTIFIER) -M page=epub -o $@ $(filter $(WOVEN)/%.md,$^)

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
