-- What the program brings into memory, and when: carried Lua code.

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

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

  -- Output and diagnostics of a line of Lua in it.
  local function run(command, code)
    local line = ("%s -e '%s' >%s/out 2>%s/err </dev/null"):format(command, code, folder, folder)
    os.execute(line)
    return read(folder .. "/out"), read(folder .. "/err")
  end

  local DESCRIBE <const> = [[
    local parse = require("mooncron.ini").parse
    local info = debug.getinfo(parse, "SL")
    print(info.source, info.activelines[info.linedefined + 1] ~= nil, (debug.getlocal(parse, 1)))]]

  it("keeps what tracebacks tell of the carried sources", function()
    assert.same({ "@mooncron/ini.lua\ttrue\ttext\n", "" }, { run(program, DESCRIBE) })
  end)

  it("compiles the carried text when the carried code is another Lua's", function()
    local bytes, count = read(program):gsub("\27LuaT", "\27LuaS")
    assert.is_true(count > 100, "the headers of the carried code")
    local other <close> = assert(io.open(folder .. "/mooncron", "wb"))
    other:write(bytes)
    other:close()
    assert(os.execute("chmod +x " .. folder .. "/mooncron"))
    assert.same({ "@mooncron/ini.lua\ttrue\ttext\n", "" }, { run(folder .. "/mooncron", DESCRIBE) })
  end)
end)
