# The known mistakes: each is a variant of one file of the method or the library, with one line wrong. Its
# program computes the chapter's reference cases; what comes out is the checker's data.

# CHAPTER:ID:FILE for every mistake; the folder of a variant has the mistake's id for its name.
MISTAKES := $(shell awk -F'\t' 'FNR == 1 { f = d = 0; for (i = 1; i <= NF; i++) { if ($$i == "file") f = i; if ($$i == "id") d = i }; next } \
    f && d { split(FILENAME, at, "/"); print at[2] ":" $$d ":" $$f }' $(wildcard $(CHAPTERS:%=chapters/%/mistakes.tsv)) /dev/null)

define MISTAKE_RULES
VARIANTS_$(1) += $(BUILD)/$(1)/mistakes/$(2)
$(BUILD)/$(1)/mistakes/$(2)/variant.o: $(BUILD)/$(3:.c=.o)
$(BUILD)/$(1)/mistakes/$(2)/program.linked $(BUILD)/$(1)/mistakes/$(2)/test: RIGHT := $(BUILD)/$(3:.c=.o)
endef
$(foreach m,$(MISTAKES),$(eval $(call MISTAKE_RULES,$(word 1,$(subst :, ,$m)),$(word 2,$(subst :, ,$m)),$(word 3,$(subst :, ,$m)))))

# A variant takes the place of the right object, or of the library's, which is not looked up any more. It is made again
# with the right one, which knows the headers of both.
define VARIANT_RULES
$(VARIANTS_$(1):%=%/variant.o): %/variant.o: chapters/$(1)/mistakes.tsv $(BUILD)/mistakes $(STAMP)
	@mkdir -p $$(@D)
	$$(SAY) "  cc    $(1), mistake $$(notdir $$*)"
	@$(BUILD)/mistakes vary $$< $$(notdir $$*) $$(@D)/variant.c
	$$(Q)$$(CC) $$(filter-out -MMD -MP,$$(CPPFLAGS)) $$(CFLAGS) -w -O1 -c $$(@D)/variant.c -o $$@

$(VARIANTS_$(1):%=%/program.linked): LIBS := $(LIBS_$(1))
$(VARIANTS_$(1):%=%/program.linked): %/program.linked: %/variant.o $(OBJECTS_$(1)) $(LIBRARY)
	$$(LINK_IF_CHANGED)
$(VARIANTS_$(1):%=%/program): %: %.linked ;

$(VARIANTS_$(1):%=%/done): %/done: %/program
	@rm -rf $$@ $$(@D)/out
	@$$< --cases --out $$(@D)/out
	@touch $$@

$(BUILD)/$(1)/published: $(BUILD)/$(1)/done $(BUILD)/mistakes $(wildcard chapters/$(1)/mistakes.tsv) $(VARIANTS_$(1):%=%/done)
	@rm -rf $$@ $(BUILD)/$(1)/out/*/mistakes $(BUILD)/$(1)/out/*/mistakes.tsv
	@$(BUILD)/mistakes publish chapters/$(1)/mistakes.tsv $(BUILD)/$(1)/mistakes $(BUILD)/$(1)/out
	@touch $$@

$(VARIANTS_$(1):%=%/test): %/test: %/variant.o $(BUILD)/tests/$(1).o $(TESTED_$(1)) $(LIBRARY)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(filter-out $$(RIGHT),$$^) $$(CHECK) $(LIBS_$(1)) $$(LDLIBS) -o $$@

# A mistake may make a loop endless: a test then has a quarter of its usual minute.
$(VARIANTS_$(1):%=%/survives): %/survives: %/test
	@rm -f $$@
	@CK_TIMEOUT_MULTIPLIER=0.25 UNTIL_FAILED=1 BUILD=$(BUILD) $$< >$$@.log 2>&1; case $$$$? in 0) echo yes;; 1) echo no;; *) echo "$$@.log: the test did not run"; exit 1;; esac >$$@.part
	@mv $$@.part $$@
endef
$(foreach c,$(CHAPTERS),$(eval $(call VARIANT_RULES,$c)))

.PHONY: mistakes
mistakes: $(CHAPTERS:%=$(BUILD)/%/published) ## compute what every known mistake gives, for the checker

.PHONY: mutants
mutants: $(CHAPTERS:%=$(BUILD)/tests/%.passed) $(foreach c,$(CHAPTERS),$(VARIANTS_$c:%=%/survives)) ## show that every known mistake makes a test fail
	@if grep -lx yes $(filter %/survives,$^) /dev/null; then echo "these mistakes survive the tests"; exit 1; \
	    else echo "$(words $(filter %/survives,$^)) mistakes, all of them make a test fail"; fi
