-- The program as it is typed: every way to run something, and what goes wrong in one line.

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

describe("mooncron", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. quote(folder)))
  end)

  after_each(function()
    os.execute("chmod -R u+w " .. quote(folder) .. "; rm -rf " .. quote(folder))
  end)

  local function write(name, text)
    local path = folder .. "/" .. name
    local file <close> = assert(io.open(path, "wb"))
    file:write(text)
    return path
  end

  -- Run a command line; MOONCRON stands for the program. Output, diagnostics, exit code.
  local function shell(line)
    line = line:gsub("%f[%w_]MOONCRON%f[^%w_]", (quote(program):gsub("%%", "%%%%"))):gsub("FOLDER", folder)
    local _, _, code = os.execute(("{ %s\n} >%s/out 2>%s/err </dev/null"):format(line, folder, folder))
    return read(folder .. "/out"), read(folder .. "/err"), code
  end

  local function expect(line, out, err, code)
    local got_out, got_err, got_code = shell(line)
    assert.same({ out, (err:gsub("FOLDER", folder)), code }, { got_out, got_err, got_code })
  end

  local version <const> = read("VERSION"):match("%S+")

  it("prints its version", function()
    expect("MOONCRON --version", "mooncron " .. version .. "\n", "", 0)
  end)

  for _, flag in ipairs { "--help", "-h" } do
    it("helps with " .. flag, function()
      local out, err, code = shell("MOONCRON " .. flag)
      assert.same({ "", 0 }, { err, code })
      for _, word in ipairs { "usage: mooncron FILE", "--execute", "--debug", "\n  run ", "\n  serve " } do
        assert.is_truthy(out:find(word, 1, true), word)
      end
    end)
  end

  for _, command in ipairs { "run", "serve", "next", "explain", "validate" } do
    it("helps with " .. command, function()
      local out, err, code = shell("MOONCRON " .. command .. " --help")
      assert.same({ "", 0 }, { err, code })
      assert.matches("^usage: mooncron " .. command, out)
      assert.matches("example", out)
    end)
  end

  -- ---- ways to run a script ----

  local SHOW <const> = [[print(arg[0], #arg, table.concat(arg, "|"), select("#", ...), ...)]]

  it("runs a file with its arguments", function()
    local path = write("s.lua", SHOW)
    expect("MOONCRON FOLDER/s.lua a 'b c' --debug -e",
      path .. "\t4\ta|b c|--debug|-e\t4\ta\tb c\t--debug\t-e\n", "", 0)
    expect("MOONCRON run FOLDER/s.lua a -x", path .. "\t2\ta|-x\t2\ta\t-x\n", "", 0)
    expect("MOONCRON FOLDER/s.lua", path .. "\t0\t\t0\n", "", 0)
  end)

  it("runs a file in this folder whose name has neither a dot nor a slash", function()
    write("plain", "print 'plain'")
    expect("p=$PWD; cd FOLDER; $p/MOONCRON plain", "plain\n", "", 0)
  end)

  it("runs a script by its first line", function()
    write("tool", "#!/usr/bin/env mooncron\n" .. SHOW)
    local out, err, code = shell("chmod +x FOLDER/tool; PATH=$PWD/$(dirname MOONCRON):$PATH; FOLDER/tool x y")
    assert.same({ folder .. "/tool\t2\tx|y\t2\tx\ty\n", "", 0 }, { out, err, code })
  end)

  it("runs a line", function()
    expect([[MOONCRON -e 'print(arg[0], ..., mooncron.version)' x]], "-e\tx\t" .. version .. "\n", "", 0)
    expect([[MOONCRON --execute 'print(1)']], "1\n", "", 0)
    expect([[MOONCRON -e '']], "", "", 0)
  end)

  it("runs what stands on standard input", function()
    expect([[echo 'print "in"' | MOONCRON]], "in\n", "", 0)
    expect([[echo 'print("in", ...)' | MOONCRON - x]], "in\tx\n", "", 0)
    expect([[echo 'print("in", ...)' | MOONCRON run - x]], "in\tx\n", "", 0)
    expect("MOONCRON", "", "", 0)
  end)

  it("runs with the modules of this build", function()
    expect([[MOONCRON -e 'print(require "mooncron".version == require "mooncron.core".version)']], "true\n",
      "", 0)
  end)

  it("passes on the exit code that a script chooses", function()
    expect("MOONCRON -e 'os.exit(7)'", "", "", 7)
    expect("MOONCRON -e 'print(1) os.exit(false, true)'", "1\n", "", 1)
  end)

  it("waits in a script, and ends it when its main chunk is over", function()
    expect([[MOONCRON -e 'require("mooncron.task").sleep(0.01) print "later"']], "later\n", "", 0)
    expect([[MOONCRON -e 'local t = require("mooncron.task") t.spawn(t.sleep, 100) print "over"']], "over\n",
      "", 0)
  end)

  it("does not take a file for its standard error when it has none", function()
    write("s.lua", [[
      local file <close> = assert(io.open(arg[1], "w"))
      io.stderr:write("to nobody")
      io.stderr:flush()
      print(assert(io.open(arg[1])):seek("end"))]])
    expect("MOONCRON FOLDER/s.lua FOLDER/f 2>&-", "0\n", "", 0)
  end)

  -- ---- what goes wrong: one line ----

  it("tells a usage mistake, exit code 2", function()
    expect("MOONCRON --explode", "", "mooncron: unknown option '--explode' (see mooncron --help)\n", 2)
    expect("MOONCRON -e", "", "mooncron: -e wants a line of Lua (see mooncron --help)\n", 2)
    expect("MOONCRON frobnicate", "",
      "mooncron: 'frobnicate' is neither a command nor a file (see mooncron --help)\n", 2)
    expect("MOONCRON run", "", "mooncron: run wants a file (see mooncron --help)\n", 2)
  end)

  it("tells a file that is not there or cannot be read", function()
    expect("MOONCRON FOLDER/none.lua", "",
      "mooncron: cannot open script FOLDER/none.lua: No such file or directory\n", 1)
    expect("MOONCRON run none", "", "mooncron: cannot open script none: No such file or directory\n", 1)
    local out, err, code = shell("MOONCRON FOLDER")
    assert.same({ "", 1 }, { out, code })
    assert.matches("^mooncron: cannot read [^\n]+\n$", err)
  end)

  it("tells where the syntax is wrong", function()
    write("s.lua", "print(1)\nlocal x = = 1\n")
    expect("MOONCRON FOLDER/s.lua", "", "mooncron: FOLDER/s.lua:2: unexpected symbol near '='\n", 1)
    expect("MOONCRON -e 'x ='", "", "mooncron: (command line):1: unexpected symbol near <eof>\n", 1)
  end)

  it("does not run compiled chunks", function()
    write("s.lua", string.dump(function() print "compiled" end))
    local out, err, code = shell("MOONCRON FOLDER/s.lua")
    assert.same({ "", 1 }, { out, code })
    assert.matches("^mooncron: .*binary chunk[^\n]*\n$", err)
  end)

  local FAILURES <const> = {
    { 'local t = nil\nprint "before"\nprint(t.x)', "FOLDER/s.lua:3: attempt to index a nil value (local 't')",
      "an error of Lua" },
    { 'print "before"\nerror("mine")', "FOLDER/s.lua:2: mine", "a text" },
    { 'print "before"\nerror("mine", 0)', "mine", "a text without a place" },
    { 'print "before"\nerror("one\\ntwo")', "FOLDER/s.lua:2: one", "a text of two lines" },
    { 'print "before"\nassert(nil, require("mooncron.err").new("NOT_FOUND", "it is gone"))',
      "FOLDER/s.lua:2: it is gone", "an error object" },
    { 'print "before"\nlocal mooncron = require "mooncron"\nassert(mooncron.schedule("61 * * * *"))',
      "FOLDER/s.lua:3: schedule '61 * * * *': minute 61 is not in 0-59",
      "an error object of the library" },
    { 'print "before"\nlocal task = require "mooncron.task"\nlocal t = task.spawn(function()\n'
      .. '  task.sleep(0.001)\n' .. '  error("in a task")\nend)\nt:wait()', "FOLDER/s.lua:5: in a task",
        "an error in a task that is waited for" },
    { 'print "before"\nlocal task = require "mooncron.task"\nlocal s <close> = task.scope()\n'
      .. 's:spawn(function()\n' .. '  task.sleep(0.001)\n  error("in a scope")\nend)\ns:join()',
      "FOLDER/s.lua:6: in a scope",
        "an error in a scope" },
    { 'print "before"\nerror(setmetatable({}, { __tostring = function() return "an object" end }))',
      "an object",
      "an object that prints" },
    { 'print "before"\nrequire "no.such.module"', "FOLDER/s.lua:2: module 'no.such.module' not found:",
      "a module that is not there" },
  }
  for _, row in ipairs(FAILURES) do
    it("tells in one line, with file and line, " .. row[3], function()
      write("s.lua", row[1])
      expect("MOONCRON FOLDER/s.lua", "before\n", "mooncron: " .. row[2] .. "\n", 1)
      local out, err, code = shell("MOONCRON --debug FOLDER/s.lua")
      assert.same({ "before\n", 1 }, { out, code })
      assert.matches("stack traceback:.*s%.lua", err)
    end)
  end

  it("tells file and line also when a folder is called mooncron", function()
    assert(os.execute("mkdir " .. quote(folder .. "/mooncron")))
    write("mooncron/s.lua", 'assert(nil, require("mooncron.err").new("NOT_FOUND", "gone"))')
    expect("MOONCRON FOLDER/mooncron/s.lua", "", "mooncron: FOLDER/mooncron/s.lua:1: gone\n", 1)
  end)

  it("runs the sources that MOONCRON_LUA_PATH names, while developing", function()
    assert(os.execute("mkdir " .. quote(folder .. "/mooncron")))
    write("mooncron/text.lua", "return 'mine'")
    expect([[MOONCRON_LUA_PATH=FOLDER MOONCRON -e 'print((require "mooncron.text"))']], "mine\n", "", 0)
  end)

  -- ---- the data folder ----

  local CONNECT <const> = [[MOONCRON -e 'assert(mooncron.connect { data = "FOLDER/data" })']]

  it("tells in one line that the data folder is a file", function()
    write("data", "x")
    expect(CONNECT, "", "mooncron: 'FOLDER/data' is not a folder\n", 1)
    expect("MOONCRON serve --port 0 --data FOLDER/data", "", "mooncron: 'FOLDER/data' is not a folder\n", 1)
  end)

  it("tells in one line that the database is something else, and leaves it alone", function()
    assert(os.execute("mkdir " .. quote(folder .. "/data")))
    write("data/scheduler.db", ("junk "):rep(3000))
    expect("MOONCRON serve --port 0 --data FOLDER/data", "",
      "mooncron: 'FOLDER/data/scheduler.db' is not a database\n", 1)
    assert.equal(("junk "):rep(3000), read(folder .. "/data/scheduler.db"))
    assert.equal("scheduler.db\n", (shell "ls -A FOLDER/data"))
  end)

  it("tells in one line that the database is a newer one, and leaves it alone, byte for byte", function()
    shell(CONNECT)
    shell [[MOONCRON -e 'local db = require("mooncron.core").store.open("FOLDER/data/scheduler.db")
      assert(db:exec "PRAGMA user_version = 99") db:close()']]
    local before = read(folder .. "/data/scheduler.db")
    for _, line in ipairs { CONNECT, "MOONCRON serve --port 0 --data FOLDER/data" } do
      local out, err, code = shell(line)
      assert.same({ "", 1 }, { out, code })
      assert.matches("^mooncron: [^\n]*written by a newer mooncron %(format 99, this one knows 2%)[^\n]*\n$",
        err)
    end
    assert.is_true(before == read(folder .. "/data/scheduler.db"))
    assert.equal("scheduler.db\n", (shell "ls -A FOLDER/data"))
  end)

  it("tells in one line that the database is read-only", function()
    if shell("id -u") == "0\n" then
      local out = shell("command -v setpriv")
      if out == "" then
        return pending("as root everything is writable, and there is no setpriv")
      end
    end
    shell(CONNECT)
    local as_nobody = shell("id -u") == "0\n" and "setpriv --reuid 65534 --clear-groups " or ""
    assert(os.execute(("chmod 444 %s/data/scheduler.db; chmod 755 %s %s/data"):format(folder, folder,
      folder)))
    local before = read(folder .. "/data/scheduler.db")
    shell("cp MOONCRON FOLDER/bin; chmod 755 FOLDER/bin")
    local out, err, code = shell(as_nobody .. "FOLDER/bin serve --port 0 --data FOLDER/data")
    assert.same({ "", 1 }, { out, code })
    assert.matches("^mooncron: [^\n]*scheduler%.db' is read%-only: [^\n]*\n$", err)
    assert.is_true(before == read(folder .. "/data/scheduler.db"))
  end)

  -- ---- serve's own usage ----

  local SERVE <const> = {
    { "--port x", "--port wants an integer, not 'x'" },
    { "--port 70000", "--port 70000: a port is in 0-65535" },
    { "--port -1", "--port -1: a port is in 0-65535" },
    { "--port", "--port wants a value: --port PORT" },
    { "--back-off soon", "--back-off 'soon': use documented, recorded" },
    { "--catch-up some", "--catch-up 'some': use all, last, none" },
    { "--app-engine nowhere", "--app-engine 'nowhere': write SERVICE=URL" },
    { "--frobnicate", "unknown option '--frobnicate'" },
    { "extra", "unexpected 'extra'" },
  }
  for _, row in ipairs(SERVE) do
    it("serve refuses " .. row[1], function()
      expect("MOONCRON serve --data FOLDER/data " .. row[1], "", "mooncron: serve: " .. row[2]
        .. " (see mooncron --help)\n", 2)
      assert.is_nil(io.open(folder .. "/data/scheduler.db"))
    end)
  end

  it("serve refuses an address that is none", function()
    local out, err, code = shell("MOONCRON serve --host nowhere --port 0 --data FOLDER/data")
    assert.same({ "", 1 }, { out, code })
    assert.matches("^mooncron: [^\n]*'nowhere'[^\n]*\n$", err)
  end)
end)
