local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"

describe("core.store", function()
  local store

  before_each(function()
    store = assert(core.store.open(":memory:"))
    assert(store:exec [[
      CREATE TABLE jobs (id INTEGER PRIMARY KEY, name TEXT UNIQUE, weight REAL, body BLOB);
      INSERT INTO jobs VALUES (1, 'one', 0.5, x'00ff'), (2, 'two', NULL, NULL);
    ]])
  end)

  after_each(function()
    store:close()
  end)

  it("answers a row as a table keyed by column, without the nulls", function()
    assert.same({ id = 1, name = "one", weight = 0.5, body = "\0\255" },
      store:row("SELECT * FROM jobs WHERE id = ?", 1))
    assert.same({ id = 2, name = "two" }, store:row("SELECT * FROM jobs WHERE id = ?", 2))
  end)

  it("answers one nil when there is no row", function()
    assert.equal(1, select("#", store:row("SELECT * FROM jobs WHERE id = ?", 3)))
    assert.is_nil(store:row("SELECT * FROM jobs WHERE id = ?", 3))
  end)

  it("answers rows as an array in order", function()
    assert.same({ { id = 2 }, { id = 1 } }, store:rows("SELECT id FROM jobs ORDER BY id DESC"))
    assert.same({}, store:rows("SELECT id FROM jobs WHERE id > ?", 9))
  end)

  it("keeps the type of each value", function()
    local rows <const> = {
      { 7, "integer", "an integer" },
      { math.mininteger, "integer", "the smallest integer" },
      { 2.0, "real", "a whole float" },
      { "2", "text", "a string of digits" },
      { "a\0b", "text", "a string with a zero byte" },
      { "", "text", "an empty string" },
    }
    for _, row in ipairs(rows) do
      local got = assert(store:row("SELECT ? AS v, typeof(?) AS t", row[1], row[1]))
      assert.equal(row[1], got.v, row[3])
      assert.equal(math.type(row[1]), math.type(got.v), row[3])
      assert.equal(row[2], got.t, row[3])
    end
  end)

  it("binds nil as NULL wherever it stands, booleans as 0 and 1, blobs as BLOB", function()
    assert.same({ a = "null", b = 1, c = 0, d = "null" },
      store:row("SELECT typeof(?) AS a, ? AS b, ? AS c, typeof(?) AS d", nil, true, false, nil))
    assert.same({ t = "blob", n = 3 },
      store:row("SELECT typeof(?1) AS t, length(?1) AS n", core.store.blob("\0\1\0")))
    assert.equal("mooncron.store.blob (3 bytes)", tostring(core.store.blob("\0\1\0")))
  end)

  it("counts the changed rows", function()
    assert.equal(2, store:run("UPDATE jobs SET weight = ?", 1.5))
    assert.equal(2, store:changes())
    assert.equal(0, store:run("DELETE FROM jobs WHERE id = ?", 9))
    assert.equal(1, store:run("INSERT INTO jobs (name) VALUES (?)", "three"))
    assert.equal(3, store:last_rowid())
  end)

  it("answers what the world causes as nil, err", function()
    local rows <const> = {
      { "INSERT INTO jobs (name) VALUES ('one')", "ALREADY_EXISTS",
        "there is a row with this jobs.name already" },
      { "SELECT * FROM nowhere", "INVALID_ARGUMENT", "no such table: nowhere" },
      { "SELECT ?", "INVALID_ARGUMENT", "0 values for 1 parameters of the statement" },
    }
    for _, row in ipairs(rows) do
      for _, method in ipairs { "run", "row", "rows" } do
        local value, e = store[method](store, row[1])
        assert.is_nil(value)
        assert.is_true(err.is(e))
        assert.same({ row[2], row[3] }, { e.code, e.message })
      end
    end
    local _, e = store:rows("SELECT 1 FRM jobs")
    assert.equal(13, e.pos)
  end)

  it("raises for a caller's bug", function()
    local rows <const> = {
      { function() store:run("SELECT ?", {}) end, "nil, boolean, number, string, blob expected" },
      { function() store:run(7) end, "string expected, got number" },
      { function() store:run("SELECT 1", table.unpack({}, 1, 101)) end,
        "101 values for one statement: at most 100" },
      { function() core.store.open("x\0y") end, "no zero byte" },
      { function() core.store.open("x", { size = 1 }) end, "unknown option 'size'" },
      { function() core.store.open("x", { busy_ms = -1 }) end, "option 'busy_ms' is -1, not in 0-60000" },
    }
    for _, row in ipairs(rows) do
      assert.error_matches(row[1], row[2], 1, true)
    end
  end)

  it("knows whether a transaction is open", function()
    assert.is_true(store:begin())
    assert.is_true(store:in_transaction())
    local ok, e = store:begin()
    assert.same({ nil, "FAILED_PRECONDITION" }, { ok, e.code })
    store:run("DELETE FROM jobs")
    assert.is_true(store:rollback())
    assert.is_false(store:in_transaction())
    assert.equal(2, #store:rows("SELECT id FROM jobs"))
    assert.is_nil((store:commit()))
    assert.is_true(store:begin())
    store:run("DELETE FROM jobs WHERE id = 1")
    assert.is_true(store:commit())
    assert.equal(1, #store:rows("SELECT id FROM jobs"))
  end)

  it("runs RETURNING to its end though one row is taken", function()
    assert.same({ id = 3 }, store:row("INSERT INTO jobs (name) VALUES ('a'), ('b') RETURNING id"))
    assert.equal(4, store:row("SELECT count(*) AS n FROM jobs").n)
    assert.is_true(store:exec("DROP TABLE jobs"))
  end)

  it("bounds the rows of one answer", function()
    local sql <const> = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
      .. " SELECT i FROM n"
    assert.equal(100000, #store:rows(sql, 100000))
    local rows, e = store:rows(sql, 100001)
    assert.is_nil(rows)
    assert.equal("RESOURCE_EXHAUSTED: more than 100000 rows: add a LIMIT", tostring(e))
    assert.is_true(store:exec("DROP TABLE jobs"), "and no statement stays open")
  end)

  it("leaves no statement open when an error ends the call", function()
    local depth = 0
    local function eat()
      depth = depth + 1
      store:row("SELECT * FROM jobs")
      return 1 + eat()
    end
    assert.is_false(pcall(eat))
    assert.is_true(depth > 100)
    assert.is_true(store:exec("DROP TABLE jobs"))
  end)

  it("says so when it is closed, and closes twice", function()
    assert.equal("mooncron.store (:memory:)", tostring(store))
    do
      local same <close> = store
      assert.is_false(same:in_transaction())
    end
    store:close()
    assert.equal("mooncron.store (closed)", tostring(store))
    assert.error_matches(function() store:row("SELECT 1") end, "the store is closed", 1, true)
  end)

  it("keeps a file for one process or for readers", function()
    local path <const> = os.tmpname()
    local first = assert(core.store.open(path, { exclusive = true }))
    local second, e = core.store.open(path)
    assert.is_nil(second)
    assert.equal("FAILED_PRECONDITION: '" .. path .. "' is in use by another process", tostring(e))
    assert(first:exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)"))
    first:close()
    local reader <close> = assert(core.store.open(path, { readonly = true }))
    assert.is_true(reader:check())
    assert.equal(1, reader:row("SELECT x FROM t").x)
    local _, refused = reader:run("DELETE FROM t")
    assert.equal("PERMISSION_DENIED", refused.code)
    reader:close()
    assert(core.store.open(path)):close() -- a writer clears up what a reader may not
    os.remove(path)
    assert.is_nil(io.open(path .. "-wal"))
  end)
end)

-- What a crash leaves: a log with all that was committed, and a file into which a part of it has been
-- copied.
describe("core.store after a crash in the midst of a checkpoint", function()
  local path

  local function read(name)
    local file <close> = assert(io.open(name, "rb"))
    return file:read "a"
  end

  local function write(name, bytes)
    local file <close> = assert(io.open(name, "wb"))
    file:write(bytes)
  end

  before_each(function()
    path = os.tmpname()
    os.remove(path)
  end)

  after_each(function()
    for _, name in ipairs { path, path .. "-copy" } do
      for _, suffix in ipairs { "", "-wal", "-shm" } do
        os.remove(name .. suffix)
      end
    end
  end)

  it("opens, and has what was committed", function()
    local store = assert(core.store.open(path, { exclusive = true }))
    assert(store:exec "CREATE TABLE t (x)")
    for _ = 1, 100 do
      assert(store:run("INSERT INTO t VALUES (?)", ("x"):rep(1000)))
    end
    local file, log = read(path), read(path .. "-wal")
    store:close()
    local whole = read(path)
    -- the first page is new and tells of pages that are not in the file yet
    write(path .. "-copy", whole:sub(1, 4096) .. file:sub(4097))
    write(path .. "-copy-wal", log)
    store = assert(core.store.open(path .. "-copy", { exclusive = true }))
    assert.equal(100, store:row("SELECT count(*) AS n FROM t").n)
    store:close()
  end)
end)
