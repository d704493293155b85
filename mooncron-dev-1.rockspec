rockspec_format = "3.0"
package = "mooncron"
version = "dev-1"

-- built from the folder it lies in: `luarocks make`
source = { url = "git+file://." }

description = {
  summary = "A Lua-scriptable toolkit for Google Cloud Scheduler, with an embedded local scheduler",
  detailed = [[
    Job definitions and workflows are Lua files; a C core does authentication, transport, schedule evaluation and
    storage. The same script runs against the Cloud Scheduler v1 API or, when nothing names a project, against an
    embedded scheduler that speaks the same API and really fires the jobs.
  ]],
  license = "MIT",
  labels = { "cron", "scheduler", "google-cloud" },
}

supported_platforms = { "unix" }

-- Debian's lua-cjson serves as well: `luarocks make --deps-mode none`
dependencies = { "lua >= 5.4, < 5.5", "lua-cjson >= 2.1.0" }

external_dependencies = {
  -- a header in a folder per architecture, as Debian has this one, is not where LuaRocks looks; the library is
  CURL = { library = "curl" },
  JWT = { header = "jwt.h" },
  JANSSON = { header = "jansson.h" },
  CRYPTO = { header = "openssl/evp.h" },
  UV = { header = "uv.h" },
  MICROHTTPD = { header = "microhttpd.h" },
  SQLITE3 = { header = "sqlite3.h" },
  EDIT = { header = "editline/readline.h" },
}

build = {
  type = "make",
  build_variables = {
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
  install_variables = {
    CFLAGS = "$(CFLAGS)",
    LIBFLAG = "$(LIBFLAG)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    PREFIX = "$(PREFIX)",
    BINDIR = "$(BINDIR)",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
  },
}

test = { type = "command", command = "make test" }
