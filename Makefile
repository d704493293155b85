# mooncron: `make help` lists the targets. Everything built lands under build/, a folder per variant.

CC ?= cc
LUA ?= lua5.4
LUA_PC ?= lua5.4
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LUADIR ?= $(PREFIX)/share/lua/5.4
LIBDIR ?= $(PREFIX)/lib/lua/5.4
MANDIR ?= $(PREFIX)/share/man
DESTDIR ?=
LIBFLAG ?= -shared
VARIANT ?= release
WERROR ?=

VERSION := $(shell cat VERSION)
B := $(if $(filter release,$(VARIANT)),build,build/$(VARIANT))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wundef \
  -Wpointer-arith -Wformat=2 -Wno-format-nonliteral
OPT_release := -O2 -g
OPT_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
OPT_debug := -O0 -g
CFLAGS ?= $(OPT_$(VARIANT))
SAN_LDFLAGS_asan := -fsanitize=address,undefined
PKGS := libcurl libjwt jansson libcrypto libuv libmicrohttpd sqlite3 libedit
# LuaRocks passes LUA_INCDIR; otherwise pkg-config knows.
LUA_CFLAGS := $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$(shell $(PKG_CONFIG) --cflags $(LUA_PC) 2>/dev/null))
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS = $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -lm
LUA_LIBS = $(shell $(PKG_CONFIG) --libs $(LUA_PC) 2>/dev/null)
# What the interpreter loads when it first calls it, where core/host/late.c knows the machine.
LATE ?= $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),curl microhttpd jwt jansson crypto sqlite3 edit)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARN) $(if $(WERROR),-Werror) $(CFLAGS) -Icore \
  -DMC_VERSION='"$(VERSION)"' $(PKG_CFLAGS) $(CPPFLAGS)
ALL_LDFLAGS = $(LDFLAGS) $(SAN_LDFLAGS_$(VARIANT))

CORE_SRC := $(wildcard core/base/*.c core/time/*.c core/loop/*.c core/net/*.c core/auth/*.c core/store/*.c)
BIND_SRC := $(wildcard core/bind/*.c)
HOST_SRC := $(wildcard core/host/*.c)
# All but the READMEs is carried by the interpreter and installed.
LUA_FILES := -name '*.lua' -o -name '*.html' -o -name '*.css' -o -name '*.js'
LUA_SRC := $(shell find lua/mooncron $(LUA_FILES) 2>/dev/null | LC_ALL=C sort)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

.DEFAULT_GOAL := all
.SECONDARY:
# `make V=1` shows the whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))
.PHONY: all help clean install

all: $(B)/mooncron $(B)/lib/mooncron/core.so $(B)/tree ## Build the interpreter and the Lua module

help: ## List the targets
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(findstring core/bind,$<)$(findstring core/host,$<),$(LUA_CFLAGS)) -MMD -MP -c -o $@ $<

$(B)/libmooncron.a: $(call obj,$(CORE_SRC))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

# The module never links liblua: the program that loads it brings the one Lua there is.
$(B)/lib/mooncron/core.so: $(call obj,$(BIND_SRC)) $(B)/libmooncron.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LIBFLAG) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/gen/embedded.c: core/host/embed.lua $(LUA_SRC) Makefile
	@mkdir -p $(@D)
	$(Q)$(LUA) core/host/embed.lua lua $(LUA_SRC) > $@.tmp
	@mv $@.tmp $@

$(B)/obj/embedded.o: $(B)/gen/embedded.c
	$(Q)$(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) -c -o $@ $<

$(B)/gen/late_list.h: core/host/late.lua $(B)/lib/mooncron/core.so Makefile
	@mkdir -p $(@D)
	$(Q)$(LUA) core/host/late.lua $(B)/lib/mooncron/core.so $(LATE) > $@.tmp
	@mv $@.tmp $@

ifneq ($(strip $(LATE)),)
$(B)/obj/core/host/late.o: $(B)/gen/late_list.h
$(B)/obj/core/host/late.o: CPPFLAGS += -DMC_LATE -I$(B)/gen -fno-lto
endif

$(B)/mooncron: $(call obj,$(HOST_SRC) $(BIND_SRC)) $(B)/obj/embedded.o $(B)/libmooncron.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(filter-out $(LATE:%=-l%),$(PKG_LIBS)) $(LUA_LIBS)

# A folder in which `lua5.4 -e 'require "mooncron"'` works as it is: the Lua files beside the C module.
$(B)/tree: $(B)/lib/mooncron/core.so $(LUA_SRC)
	@rm -rf $@ && mkdir -p $@
	@cp -R lua/mooncron $@/mooncron && cp $(B)/lib/mooncron/core.so $@/mooncron/core.so

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(B)/libmooncron.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

.PHONY: unit-build
unit-build: $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC)) ## Build the C unit tests

MANUAL := io.write(require("mooncron.cli.manual").page(require("mooncron.cli"), mooncron.version))
.PHONY: man
man: $(B)/man/mooncron.1 ## Write the manual page, build/man/mooncron.1
$(B)/man/mooncron.1: $(B)/mooncron
	@mkdir -p $(@D)
	$(Q)$(B)/mooncron -e '$(MANUAL)' > $@.tmp && mv $@.tmp $@

install: all man ## Install the interpreter and the Lua module (PREFIX, DESTDIR)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/mooncron $(DESTDIR)$(LUADIR)
	install -m 755 $(B)/mooncron $(DESTDIR)$(BINDIR)/mooncron
	install -D -m 644 $(B)/man/mooncron.1 $(DESTDIR)$(MANDIR)/man1/mooncron.1
	install -m 755 $(B)/lib/mooncron/core.so $(DESTDIR)$(LIBDIR)/mooncron/core.so
	cd lua && find mooncron \( $(LUA_FILES) \) -exec install -D -m 644 {} $(DESTDIR)$(abspath $(LUADIR))/{} \;

clean: ## Remove build/
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# Tests and checks, and what the folders of tests bring along
include tests/tools/checks.mk
-include tests/fuzz/fuzz.mk $(wildcard tests/conformance/*/*.mk tests/bench/*/*.mk)
