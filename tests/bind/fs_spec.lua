local core = require "mooncron.core"
local fs = core.fs

describe("core.fs", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert.is_true(fs.mkdirs(folder .. "/a/b"))
  end)

  after_each(function()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  it("writes whole files, zero bytes and all", function()
    assert.is_true(fs.write(folder .. "/f", "a\0b"))
    local file <close> = assert(io.open(folder .. "/f", "rb"))
    assert.equal("a\0b", file:read "a")
  end)

  it("answers what the world refuses as nil and an error", function()
    local ok, e = fs.write(folder .. "/none/f", "x")
    assert.is_nil(ok)
    assert.equal(("NOT_FOUND: cannot write '%s/none/f': No such file or directory"):format(folder),
      tostring(e))
    ok, e = fs.identity(folder .. "/none")
    assert.is_nil(ok)
    assert.equal("NOT_FOUND", e.code)
    assert.is_true(fs.write(folder .. "/f", "x"))
    ok, e = fs.mkdirs(folder .. "/f")
    assert.is_nil(ok)
    assert.equal("FAILED_PRECONDITION", e.code)
  end)

  it("raises for what is no path or mode", function()
    for _, call in ipairs {
      function() fs.mkdirs "" end,
      function() fs.mkdirs "a\0b" end,
      function() fs.mkdirs() end,
      function() fs.write(folder .. "/f") end,
      function() fs.write(folder .. "/f", "x", 512) end,
      function() fs.identity(nil) end,
      function() fs.holder "" end,
    } do
      assert.has_error(call)
    end
  end)

  it("tells who holds a database", function()
    local path = folder .. "/db"
    local store = assert(core.store.open(path, { exclusive = true }))
    local pid = fs.holder(path)
    assert.equal("integer", math.type(pid))
    local file <close> = assert(io.open("/proc/self/stat"))
    assert.equal(file:read "n", pid)
    store:close()
    assert.is_nil(fs.holder(path))
  end)

  it("still tells after this process has tried to open it again", function()
    local path = folder .. "/db"
    local store = assert(core.store.open(path, { exclusive = true }))
    assert(store:exec "CREATE TABLE t (x)")
    for _, options in ipairs { {}, { exclusive = true }, { readonly = true } } do
      assert.is_nil((core.store.open(path, options)))
      assert.truthy(fs.holder(path), "its locks are not dropped")
    end
    store:close()
  end)

  it("knows the same folder by another path", function()
    assert.equal(fs.identity(folder), fs.identity(folder .. "/a/.."))
    assert.not_equal(fs.identity(folder), fs.identity(folder .. "/a"))
  end)
end)
