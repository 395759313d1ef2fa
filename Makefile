# SPDX-License-Identifier: MIT
# One non-recursive make.  `make help` lists the targets.
#
#   DEBUG=1  no optimisation    SAN=1  ASan and UBSan    COV=1  coverage
#   V=1      show commands      B=dir  build there           CC=clang

B       ?= build$(if $(SAN),-san)$(if $(COV),-cov)$(if $(DEBUG),-debug)
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
libdir  ?= $(prefix)/lib
incdir  ?= $(prefix)/include/extant
mandir  ?= $(prefix)/share/man

MAKEFLAGS += --no-builtin-rules
Q := $(if $(V),,@)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wcast-qual -Wimplicit-fallthrough -Werror
HARD := -fstack-protector-strong -fstack-clash-protection -fPIE
ifeq ($(DEBUG)$(SAN)$(COV),)
OPT  := -O2 -D_FORTIFY_SOURCE=2
else
OPT  := -O$(if $(DEBUG)$(COV),0,1) -g
endif
comma := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
COVFLAGS := $(if $(COV),--coverage)
CPPFLAGS += -Ilib -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
ALL_CFLAGS = -std=c11 $(OPT) $(WARN) $(HARD) $(SANFLAGS) $(COVFLAGS) $(CFLAGS)
LDFLAGS  += -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SANFLAGS) $(COVFLAGS)
# The shell edits lines by libedit, which it loads at a terminal: only its header is needed here.
# LIBEDIT=  builds without it.
LIBEDIT  ?= $(if $(wildcard /usr/include/histedit.h /usr/local/include/histedit.h),1,$(shell \
	pkg-config --exists libedit 2>/dev/null && echo 1))
LIBEDIT_CFLAGS := $(if $(LIBEDIT),-DWITH_LIBEDIT $(shell pkg-config --cflags libedit 2>/dev/null))
LDLIBS   := -lz -luuid -lpthread

src  = $(wildcard $(1)/*.c)
objs = $(patsubst %.c,$(B)/%.o,$(1))

LIB_SRC  := $(wildcard lib/*/*.c)
EXTANT_SRC := $(wildcard debugfs/extant*.c)
PROGRAMS := $(if $(call src,mkfs),extant-mkfs) $(if $(call src,fsck),extant-fsck) \
            $(if $(filter-out $(EXTANT_SRC),$(call src,debugfs)),extant-debugfs) \
            $(if $(wildcard debugfs/extant.c),extant)

.PHONY: all
all: $(B)/libextant.a $(addprefix $(B)/,$(PROGRAMS)) ## build the library and the programs

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC   $<")
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(B)/debugfs/editor.o: CPPFLAGS += $(LIBEDIT_CFLAGS)

$(B)/libextant.a: $(call objs,$(LIB_SRC))
	$(if $(V),,@echo "  AR   $@")
	@mkdir -p $(@D)
	$(Q)rm -f $@; ar rcsD $@ $^

define program
$(B)/$(1): $(call objs,$(2)) $(B)/libextant.a
	$$(if $$(V),,@echo "  LD   $$@")
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(eval $(call program,extant-mkfs,$(call src,mkfs)))
$(eval $(call program,extant-fsck,$(call src,fsck)))
$(eval $(call program,extant-debugfs,$(filter-out $(EXTANT_SRC),$(call src,debugfs))))
$(eval $(call program,extant,$(EXTANT_SRC)))

# Unit tests: one Criterion binary; UNIT='disk_*/*' selects.
FUZZ_REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(B)/tests/fuzz/replay_%,$(wildcard tests/fuzz/fuzz_*.c))
UNIT_SRC := $(wildcard tests/*.c tests/unit/*.c)
# Allocations pass through tests/alloc.c, which fails the one that a test wants to fail.
WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
# The shell's objects without its main are tested too.
SHELL_OBJS := $(call objs,$(filter-out debugfs/main.c $(EXTANT_SRC),$(call src,debugfs)))
$(B)/tests/unit/run: $(call objs,$(UNIT_SRC)) $(SHELL_OBJS) $(B)/libextant.a
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) $(LDFLAGS) $(WRAP) -o $@ $^ -lcriterion $(LDLIBS)
$(call objs,$(UNIT_SRC)): CPPFLAGS += -Itests -I.
# The test framework's macros are GNU C.
$(call objs,$(UNIT_SRC)): WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror

.PHONY: check
check: all $(B)/tests/unit/run $(FUZZ_REPLAYS) ## build and run the unit tests (UNIT=pattern)
	$(B)/tests/unit/run $(if $(UNIT),--filter '$(UNIT)')
	$(if $(UNIT),,$(Q)for t in $(FUZZ); do \
		$(B)/tests/fuzz/replay_$$t $$(find tests/fuzz/corpus -name $$t) || exit 1; done)

.PHONY: crash
crash: $(B)/tests/unit/run ## cut every operation that writes at every event (part of check)
	$(B)/tests/unit/run --filter 'crash_*/*'

# Fuzz targets are tests/fuzz/fuzz_NAME.c, their inputs tests/fuzz/corpus/NAME.  A replay runs
# the inputs under any compiler; fuzzing itself is clang's, with the library instrumented.
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 20
FUZZ_OBJS := $(FUZZ:%=$(B)/tests/fuzz/fuzz_%.o)
FUZZ_BASE := $(call objs,tests/fuzz/edits.c tests/image.c tests/ram.c)
$(FUZZ_OBJS) $(FUZZ_BASE): CPPFLAGS += -Itests
$(FUZZ:%=$(B)/tests/fuzz/replay_%): $(B)/tests/fuzz/replay_%: \
		$(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay_main.o $(FUZZ_BASE) $(B)/libextant.a
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(FUZZ:%=$(B)/tests/fuzz/fuzz_%): %: %.o $(FUZZ_BASE) $(B)/libextant.a
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# Prints a volume's layout, for the comparison with dumpe2fs.
$(B)/tests/oracle/layout: $(B)/tests/oracle/layout.o $(B)/libextant.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Writes images as a power cut leaves them in the middle of a commit.
HALFWAY := $(call objs,tests/oracle/halfway.c tests/change_ops.c tests/image.c tests/image_tree.c)
$(B)/tests/oracle/halfway.o: CPPFLAGS += -Itests
$(B)/tests/oracle/halfway: $(HALFWAY) $(B)/libextant.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LDLIBS)

# The sweep as a program: single mutants, and files for other judges.
SWEEP := $(call objs,tests/oracle/sweeptool.c $(wildcard tests/sweep*.c) tests/ram.c tests/reader.c)
$(B)/tests/oracle/sweeptool.o: CPPFLAGS += -Itests
$(B)/tests/oracle/sweeptool: $(SWEEP) $(B)/libextant.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: oracles
oracles: all $(B)/gallery $(addprefix $(B)/tests/oracle/,layout halfway sweeptool)

.PHONY: fuzz fuzz-run
fuzz: ## fuzz every target for FUZZ_SECONDS (needs clang)
	@$(MAKE) -s CC=clang B=$(B)/fuzz SAN=1 CFLAGS='$(CFLAGS) -fsanitize=fuzzer-no-link' fuzz-run

fuzz-run: $(FUZZ:%=$(B)/tests/fuzz/fuzz_%)
	@for t in $(FUZZ); do \
		mkdir -p $(B)/corpus/$$t && \
		$(B)/tests/fuzz/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -timeout=10 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=$(B)/$$t- \
			$(B)/corpus/$$t $$(find tests/fuzz/corpus -name $$t) 2>$(B)/$$t.log || \
			{ tail -40 $(B)/$$t.log; exit 1; }; \
		sed -n "s/^stat::number_of_executed_units: */$$t: executions /p" $(B)/$$t.log; done

# Tests that must fail, for the test of the test wrapper.
$(B)/tests/self/planted: $(B)/tests/self/planted.o $(B)/tests/asan.o
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LDLIBS)
$(B)/tests/self/planted.o: CPPFLAGS += -Itests
$(B)/tests/self/planted.o: WARN := -Wall

# Documents made from the program's tables; they are committed.
GENDOCS := $(patsubst docs/gen/%.in,docs/%,$(wildcard docs/gen/*.in))
$(B)/gendocs: $(call objs,$(call src,docs/gen)) $(B)/libextant.a
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(call objs,$(call src,docs/gen)): CPPFLAGS += -I.

.PHONY: docs
docs: $(B)/gendocs ## make the documents that come from tables
	@for d in $(GENDOCS); do \
		$< docs/gen/$${d#docs/}.in >$(B)/document && cp $(B)/document $$d || exit 1; done

.PHONY: docs-check
docs-check: $(B)/gendocs ## fail when "make docs" would change something
	@for d in $(GENDOCS); do \
		$< docs/gen/$${d#docs/}.in >$(B)/document && diff -u $$d $(B)/document || exit 1; done

.PHONY: test
test: ## install what is missing, then run all tests
	@scripts/deps test
	@scripts/test

.PHONY: lint
lint: docs-check ## check layers, sizes, licences, headers, man pages
	@sh tests/lint/run.sh

.PHONY: demo
demo: ## the main job on a real directory (DIR=...)
	@scripts/deps build
	@$(MAKE) -s all
	@B=$(abspath $(B)) scripts/demo $(DIR)

.PHONY: images
images: all $(B)/gallery ## build the gallery of images/ from its recipes
	@B=$(abspath $(B)) scripts/gallery images $(B)/images

.PHONY: tour
tour: ## play docs/links.md in the terminal: what links are (FROM=exercise)
	@scripts/deps build
	@$(MAKE) -s all $(B)/gallery
	@B=$(abspath $(B)) scripts/tour $(FROM)

$(B)/gallery: $(B)/images/gallery.o
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
$(B)/trees: $(B)/bench/trees.o
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

.PHONY: bench
bench: all $(B)/trees ## compare speed with the peers (BENCH=name, PAIRS=n)
	@B=$(abspath $(B)) bench/run $(BENCH)

MAN1 := $(wildcard docs/*.1)
MAN8 := $(wildcard docs/*.8)
HEADERS := lib/e2.h $(wildcard lib/*/*.h lib/*/*.def)

.PHONY: install
install: all ## install programs, library and manual (DESTDIR, prefix)
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir) $(DESTDIR)$(incdir) \
		$(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man8
	install -m 755 $(addprefix $(B)/,$(PROGRAMS)) $(DESTDIR)$(bindir)
	install -m 644 $(B)/libextant.a $(DESTDIR)$(libdir)
	for h in $(HEADERS:lib/%=%); do \
		install -D -m 644 lib/$$h $(DESTDIR)$(incdir)/$$h || exit 1; done
	$(if $(MAN1),install -m 644 $(MAN1) $(DESTDIR)$(mandir)/man1)
	$(if $(MAN8),install -m 644 $(MAN8) $(DESTDIR)$(mandir)/man8)

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(bindir)/,$(PROGRAMS)) $(DESTDIR)$(libdir)/libextant.a \
		$(addprefix $(DESTDIR)$(mandir)/man1/,$(notdir $(MAN1))) \
		$(addprefix $(DESTDIR)$(mandir)/man8/,$(notdir $(MAN8)))
	rm -rf $(DESTDIR)$(incdir)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(B)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

-include $(shell find $(B) -name '*.d' 2>/dev/null)
