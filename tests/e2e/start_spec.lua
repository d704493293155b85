-- What the program brings into memory, and when: carried Lua code, libraries.

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local binds_late <const> = assert(io.popen("uname -m")):read() == "x86_64"

describe("the start of mooncron", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
  end)

  after_each(function()
    os.execute("rm -rf " .. folder)
  end)

  -- Output, diagnostics and exit code of a line of Lua in it.
  local function run(command, code)
    local line = ("%s -e '%s' >%s/out 2>%s/err </dev/null"):format(command, code, folder, folder)
    local _, _, status = os.execute(line)
    return read(folder .. "/out"), read(folder .. "/err"), status
  end

  -- A copy of the program with other bytes in it.
  local function altered(pattern, replacement)
    local bytes, count = read(program):gsub(pattern, replacement)
    assert.is_true(count > 0, "the program has no " .. pattern)
    local path = folder .. "/mooncron"
    local file <close> = assert(io.open(path, "wb"))
    file:write(bytes)
    file:close()
    assert(os.execute("chmod +x " .. path))
    return path
  end

  local DESCRIBE <const> = [[
    local parse = require("mooncron.ini").parse
    local info = debug.getinfo(parse, "SL")
    print(info.source, info.activelines[info.linedefined + 1] ~= nil, (debug.getlocal(parse, 1)))]]

  it("keeps what tracebacks tell of the carried sources", function()
    assert.same({ "@mooncron/ini.lua\ttrue\ttext\n", "", 0 }, { run(program, DESCRIBE) })
  end)

  it("compiles the carried text when the carried code is another Lua's", function()
    local other = altered("\27LuaT", "\27LuaS")
    assert.same({ "@mooncron/ini.lua\ttrue\ttext\n", "", 0 }, { run(other, DESCRIBE) })
  end)

  -- ---- libraries ----

  local MAPPED <const> = [[
    for _, name in ipairs { "curl", "microhttpd", "jwt", "crypto", "sqlite3", "edit" } do
      local file <close> = io.open("/proc/self/maps")
      if file:read("a"):find("/lib" .. name .. ".so", 1, true) then
        io.write(name, " ")
      end
    end]]

  local ROWS <const> = {
    { "", "", "nothing but Lua" },
    { [[mooncron.schedule("0 2 * * *", "Europe/Berlin"):next(0)]], "", "schedules and zones" },
    { [[mooncron.http.get("http://127.0.0.1:9/", { timeout = 1 })]], "curl crypto ", "a request" },
    { [[mooncron.http.serve({ port = 0 }, print):close()]], "microhttpd ", "a server" },
    { [[require("mooncron.core").store.open(":memory:"):close()]], "sqlite3 ", "a store" },
    { [[assert(mooncron.connect { data = ":memory:" }):close()]], "sqlite3 ", "a local scheduler" },
    { [[assert(require("mooncron.core").net.client(mooncron.task.loop())):close()]], "",
      "a client that is asked nothing" },
    { [[local auth = require("mooncron.core").auth
        assert(auth.sign("{}", { alg = "ES256", key = auth.generate_key("ES256") }))]],
      "jwt crypto ", "a token" },
  }
  for _, row in ipairs(binds_late and ROWS or {}) do
    it("loads for " .. row[3] .. " the libraries of that, and no other", function()
      assert.same({ row[2], "", 0 }, { run(program, row[1] .. MAPPED) })
    end)
  end

  it("hands the arguments of a first call on, floating-point ones too", function()
    assert.same({ "1.75 5\n", "", 0 }, { run(program, [[
      local db <close> = require("mooncron.core").store.open(":memory:")
      local row = db:row("select ?1 + 0.25 as f, ?2 as i", 1.5, 5)
      print(row.f .. " " .. row.i)]]) })
  end)

  it("tells in one line which library is missing, when it is needed", function()
    if not binds_late then
      return pending("this machine's program is linked to all of them")
    end
    local other = altered("libmicrohttpd%.so%.%d", "libmicrohttpd.so.x")
    assert.same({ "", "", 0 }, { run(other, MAPPED) })
    local out, err, status = run(other, ROWS[4][1])
    assert.same({ "", 127 }, { out, status })
    assert.matches("^mooncron: a library cannot be loaded: libmicrohttpd%.so%.x[^\n]*\n$", err)
  end)
end)
