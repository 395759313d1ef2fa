# SPDX-License-Identifier: MIT
# One non-recursive make.  `make help` lists the targets.
#
#   DEBUG=1  no optimisation    SAN=1  ASan and UBSan    COV=1  coverage
#   V=1      show commands      B=dir  build there       CC=clang

B       ?= build
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
HARD := -fstack-protector-strong -fPIE
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
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(SANFLAGS) $(COVFLAGS)
LDLIBS   := -lz -luuid -lpthread

src  = $(wildcard $(1)/*.c)
objs = $(patsubst %.c,$(B)/%.o,$(1))

LIB_SRC  := $(wildcard lib/*/*.c)
PROGRAMS := $(if $(call src,mkfs),extant-mkfs) $(if $(call src,fsck),extant-fsck) \
            $(if $(filter-out debugfs/extant.c,$(call src,debugfs)),extant-debugfs) \
            $(if $(wildcard debugfs/extant.c),extant)

.PHONY: all
all: $(B)/libextant.a $(addprefix $(B)/,$(PROGRAMS)) ## build the library and the programs

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC   $<")
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

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
$(eval $(call program,extant-debugfs,$(filter-out debugfs/extant.c,$(call src,debugfs))))
$(eval $(call program,extant,debugfs/extant.c))

# Unit tests: one Criterion binary; UNIT='disk_*/*' selects.
UNIT_SRC := $(wildcard tests/unit/*.c)
$(B)/tests/unit/run: $(call objs,$(UNIT_SRC)) $(B)/libextant.a
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion $(LDLIBS)
$(call objs,$(UNIT_SRC)): CPPFLAGS += -Itests
# The test framework's macros are GNU C.
$(call objs,$(UNIT_SRC)): WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror

.PHONY: check
check: all $(B)/tests/unit/run ## build and run the unit tests (UNIT=pattern)
	$(B)/tests/unit/run $(if $(UNIT),--filter '$(UNIT)')

.PHONY: clean
clean: ## remove what was built
	rm -rf $(B)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

-include $(shell find $(B) -name '*.d' 2>/dev/null)
