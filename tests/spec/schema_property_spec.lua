-- The core's quick way with messages and texts, held to the plain walk in Lua over made-up values; the
-- numbers are the same in every run.
local base64 = require "mooncron.api.base64"
local chance = require "support.chance"
local fields = require "mooncron.api.fields"
local job_api = require "mooncron.api.job"
local json = require "mooncron.json"
local native = require "mooncron.native"
local names = require "mooncron.api.name"
local plain_json = require "support.plain_json"
local resources = require "mooncron.api.resources"
local rules = require "mooncron.api.rules"
local schema = require "mooncron.schema"
local schema_write = require "mooncron.schema_write"

local below, pick = chance.new(20261125)

local null <const> = json.null
local TEXTS <const> = { "", "a", "projects/P/x", 'é"\\', "\0\1\127", ("long "):rep(20), "UTC", "POST", "0s" }
-- What is in the wrong place anywhere, or in some.
local ODD <const> = { 5, -1, 0, 2.0, 1.5, 2147483648, 1e300, 0 / 0, true, false, "x", "\255", "\237\160\128",
  {}, { 1 }, { x = 1 }, { { y = {} } }, print, null, "7", "-0", "99999999999", { [2] = 1 },
  { ["\255"] = "a" } }

-- ---- values for each kind, in the two forms ----

local makers = { json = {}, lua = {} }

function makers.json.string()
  return pick(TEXTS)
end

function makers.json.bool()
  return below(2) == 0
end

function makers.json.int32()
  return pick { 0, 1.0, 5, -3, 2147483647, -2147483648.0, "0", "17", "-17", "0003", "-" }
end

function makers.json.bytes()
  return pick { "", "AA==", "AAH+/w==", "AAH-_w", "Zm9vYg", "A", base64.encode(("x"):rep(below(70))) }
end

function makers.json.enum(field)
  local known = field.enum.names
  return pick { known[1], known[2], known[4], 0, 2.0, 3, "post", "NEW", 9, 1.5 }
end

function makers.json.duration()
  return pick { "0s", "5s", "1.500s", "3600s", "090s", "-3s", "-0s", "1.5s", "9223372035s", "999999999s",
    "9999999999s", "s", "5", "05s", "1000000000s", "5m" }
end

function makers.json.timestamp()
  return pick { "2026-10-01T05:21:00Z", "2026-10-01T05:21:00.061563Z", "2026-10-01", "2026-10-01 05:21:00Z" }
end

function makers.json.map()
  local out = {}
  for _ = 1, below(4) do
    out[pick { "A", "Content-Type", "é", "b" }] = pick { "", "1", "é", "\0", null }
  end
  return out
end

function makers.json.any()
  return pick { 1, "x", true, { a = { 1, { b = "c" } } }, {} }
end

for kind, maker in pairs(makers.json) do
  makers.lua[kind] = maker
end

function makers.lua.bytes()
  return pick { "", "x", "\0\255", "body", { a = { 1, 2.5, { b = null } } }, {}, { 1, x = 2 }, { print } }
end

function makers.lua.enum(field)
  return pick { field.enum.names[2], field.enum.names[3]:lower(), field.enum.names[1], 1, 0, "nope" }
end

function makers.lua.duration()
  return pick { "0s", "5s", 90, 20.5, 0, -3, 1e12, "1h30m", "5m", "90m", "1d", "1h1h", "30m1h", "1h 30m",
    "5ms", "5", "", "m", "0m", "100000d", "99999d", "1.5s", "12345678s", 2147483648, 0 / 0 }
end

function makers.lua.map()
  local out = makers.json.map()
  if below(3) == 0 then
    out.N = pick { 3, 3.0, 2.5, -0.0, 1e100, 0 / 0, true }
  end
  return out
end

-- A message in some form: members now and then in the wrong place, in both spellings, or not known.
local function make(message, form, odds)
  local out = {}
  for _, field in ipairs(message.fields) do
    if below(3) > 0 then
      local maker = makers[form][field.kind]
      local value
      if below(odds) == 0 then
        value = pick(ODD)
      elseif field.kind == "message" then
        value = make(field.message, form, odds)
      elseif field.kind == "messages" then
        value = {}
        for i = 1, below(3) do
          value[i] = make(field.message, form, odds)
        end
      else
        value = maker(field)
      end
      local is_snake = form == "lua" or below(3) == 0
      out[is_snake and field.name or field.json] = value
      if below(6 * odds) == 0 then
        out[field.json] = value
      end
    end
  end
  if below(odds) == 0 then
    out[pick { "unknown", 1, 2, true, 1.5 }] = pick { "x", null, 1 }
  end
  return out
end

-- One target and one token at most, so that more of the messages are without fault.
local function drop_oneofs(message, value)
  local taken = {}
  for _, field in ipairs(message.fields) do
    local name = value[field.name] ~= nil and field.name or field.json
    local item = value[name]
    if field.oneof and taken[field.oneof] then
      value[name] = nil
    elseif field.oneof and item ~= nil then
      taken[field.oneof] = true
    end
    if field.kind == "message" and type(item) == "table" then
      drop_oneofs(field.message, item)
    end
  end
  return value
end

-- ---- reading ----

local FORMS <const> = {
  { form = "json", root = "job" },
  { form = "json", root = "job", lenient = true },
  { form = "lua", root = "job" },
}
local MESSAGES <const> = { fields.job, fields.job, fields.job, fields.job_list, resources.operation,
  resources.location }

-- Equal but for NaN, which no value is equal to.
local function shown(value)
  return tostring(value) == "nan" and "nan" or tostring(value) == "-nan" and "nan" or value
end

local function comparable(value, depth)
  if type(value) ~= "table" or (depth or 0) > 8 then
    return shown(value)
  end
  local out = {}
  for key, item in pairs(value) do
    out[key] = comparable(item, (depth or 0) + 1)
  end
  return out
end

describe("reading in the core", function()
  it("gives what the plain walk gives, and gives up where that finds a fault", function()
    local quick, faulty = 0, 0
    for i = 1, 6000 do
      local opts, message = pick(FORMS), pick(MESSAGES)
      local given = make(message, opts.form, 10 + 200 * (i % 3))
      given = i % 2 == 0 and drop_oneofs(message, given) or given
      local got = native.message.read(message.compiled, given, opts.form == "json", opts.lenient)
      local want, problems = schema.read_slowly(message, given, opts)
      if got then
        quick = quick + 1
        assert.is_nil(problems, problems and problems[1].path)
        assert.same(comparable(want), comparable(got))
      elseif problems then
        faulty = faulty + 1
      end
    end
    assert.is_true(quick > 1000 and faulty > 1000, ("%d quick, %d faulty"):format(quick, faulty))
  end)

  it("takes everything canonical", function()
    local count = 0
    for _ = 1, 4000 do
      local given = drop_oneofs(fields.job, make(fields.job, "json", 1000000))
      local canonical = schema.read_slowly(fields.job, given, FORMS[1])
      if canonical then
        count = count + 1
        local again = native.message.read(fields.job.compiled, canonical, false)
        assert.same(canonical, again or schema.read(fields.job, canonical, FORMS[3]))
        local text = assert(native.message.text(fields.job.compiled, canonical))
        assert.equal(text, job_api.to_text((assert(job_api.decode(text)))), "a fixed point")
      end
    end
    assert.is_true(count > 100, tostring(count))
  end)

  it("shares no map or message with what it was given", function()
    local given = { http_target = { headers = { A = "1" }, oidc_token = { audience = "x" } } }
    local got = assert(native.message.read(fields.job.compiled, given, false))
    got.http_target.headers.A, got.http_target.oidc_token.audience = "2", "y"
    assert.same({ http_target = { headers = { A = "1" }, oidc_token = { audience = "x" } } }, given)
  end)
end)

-- ---- writing ----

describe("writing in the core", function()
  it("gives what the plain walk and a plain writer give", function()
    local count = 0
    for i = 1, 6000 do
      local message, int_enums = pick(MESSAGES), below(2) == 0
      -- canonical, or what somebody made by hand
      local value = make(message, "lua", i % 2 == 0 and 1000000 or 30)
      value = i % 3 == 0 and schema.read_slowly(message, drop_oneofs(message, value), FORMS[3]) or value
      for _, pretty in ipairs { true, false } do
        local got = native.message.text(message.compiled, value, pretty, int_enums)
        if got then
          count = count + 1
          local written = schema_write.write(message, value, int_enums)
          local ok, want = plain_json.write(written, message.order, pretty)
          assert.is_true(ok, want)
          assert.equal(want, got)
        end
      end
    end
    assert.is_true(count > 500, tostring(count))
  end)

  it("of what is not canonical is left to the plain walk", function()
    local value = { description = 5, retry_config = { retry_count = 2.0, max_doublings = "3" } }
    assert.is_nil(native.message.text(fields.job.compiled, value))
    local want = '{"description":5,"retryConfig":{"retryCount":2,"maxDoublings":"3"}}'
    assert.equal(want, job_api.to_text(value))
  end)
end)

local function make_value(depth)
  local kind = below(depth > 4 and 6 or 9)
  if kind < 2 then
    return pick(TEXTS)
  elseif kind < 4 then
    return pick { 0, -1, 1.5, 0.1, 1e15, 1e300, -2.5e-7, 9007199254740993, 123456789012345.6, 2 ^ 63, -0.0 }
  elseif kind == 4 then
    return pick { true, false, null, json.list() }
  elseif kind == 5 then
    return below(20) == 0 and pick { print, 0 / 0, 1 / 0, io.stdout, { 1, x = 2 }, { [3] = 1 } } or {}
  end
  local out = {}
  for i = 1, below(kind == 6 and 40 or 5) do
    out[kind == 8 and i or pick(TEXTS) .. below(30)] = make_value(depth + 1)
  end
  return out
end

describe("any value as JSON", function()
  it("is the text that a plain writer makes, or the same refusal", function()
    local refused = 0
    local order <const> = { "b", "UTC3", "a1", "UTC1", a1 = { "x2", "POST7" }, UTC3 = { "a2" } }
    for _ = 1, 4000 do
      local value = make_value(0)
      local given_order = below(2) == 0 and order or nil
      local ok, want = plain_json.write(value, given_order)
      local got, e = json.canonical(value, given_order)
      if ok then
        assert.equal(want, got)
        assert.equal(select(2, plain_json.write(value, given_order, true)), json.pretty(value, given_order))
      else
        refused = refused + 1
        assert.equal("not expressible as JSON: ", e.message:sub(1, 25))
        assert.is_false((pcall(json.pretty, value, given_order)))
      end
    end
    assert.is_true(refused > 20, tostring(refused))
  end)

  it("is refused with the words for what is wrong", function()
    local loop, deep = {}, {}
    loop.loop = { loop, loop }
    for _ = 1, 32 do
      deep = { deep }
    end
    local ROWS <const> = {
      { print, "a function" }, { coroutine.create(print), "a thread" }, { io.stdout, "a userdata" },
      { { 0 / 0 }, "a number that is not finite" }, { nil, "a nil" },
      { { 1, x = 2 }, "a table with both list items and named members, or a list with holes" },
      { { [1.5] = 2 }, "a table with both list items and named members, or a list with holes" },
      { loop, "nested deeper than 32 levels" }, { { deep, print }, "nested deeper than 32 levels" },
    }
    for i = 1, 9 do
      local _, e = json.canonical(ROWS[i][1])
      assert.equal("not expressible as JSON: " .. ROWS[i][2], e.message)
      local ok, why = pcall(json.pretty, ROWS[i][1])
      assert.same({ false, ROWS[i][2] }, { ok, why })
    end
    assert.is_string(json.pretty(deep))
    assert.is_nil((json.canonical(deep)))
  end)
end)

-- ---- quick looks ----

-- The rules as they are when no quick look ever helps.
local function slow_rules()
  local never = function() end
  local path = assert(package.searchpath("mooncron.api.rules", package.path))
  local slow = { data = native.data, message = native.message, plain = {
    parent_length = never, is_uri = never, are_headers = never, is_mailbox = native.plain.is_mailbox,
  } }
  package.loaded["mooncron.native"] = slow
  local module = assert(loadfile(path))()
  package.loaded["mooncron.native"] = native
  return module
end

local PARTS <const> = {
  name = { "projects/", "P", "p-1", "a.b:c", "/locations/", "us-central1", "/jobs/", "j_1", "x", "é", ".",
    "/", "" },
  uri = { "http://", "https://", "HTTP://", "example.com", "[::1]", ":80", ":", "/", "?q", "#f", "u@",
    " ", "\r", "\127", "é", "", "a-b.c", "x_y" },
  mail = { "a", "b.c", "@", " ", "\v", "é", "", "x@y", "\0" },
  token = { "A", "a", "Content-Type", "content-type", "X-1", " ", "é", "", "\0", "~", "/" },
  value = { "v", "", "\r", "\n", "\0", "é", "\t", "long value" },
}

local function text_of(parts, max)
  local out = {}
  for i = 1, below(max) + 1 do
    out[i] = pick(parts)
  end
  return table.concat(out)
end

local function name_of()
  if below(2) == 0 then
    return "projects/" .. text_of({ "P", "a-b", "x.y", "1", " " }, 2) .. "/locations/"
      .. text_of({ "us", "-1", "_" }, 2) .. "/jobs/" .. text_of({ "j", "_", "-", ".", "", "/" }, 3)
  end
  return text_of(PARTS.name, 7)
end

local function headers_of()
  local out = {}
  for _ = 1, below(4) do
    out[text_of(PARTS.token, 2)] = text_of(PARTS.value, 2)
  end
  return out
end

-- Two times of three the first, which is fine.
local function mostly(good, other)
  return below(3) > 0 and good or other
end

local function job_of()
  local job = { schedule = "* * * * *", description = ("é"):rep(below(3) * 250 + below(2)) }
  job.name = mostly("projects/P/locations/us/jobs/j", name_of())
  job[pick { "http_target", "http_target", "http_target", "app_engine_http_target" }] = {
    uri = mostly(pick { "https://example.com/x?y=é", "http://h", "http://h:80/" .. ("y"):rep(below(2200)) },
      text_of(PARTS.uri, 6)),
    http_method = pick { "POST", "GET", "PATCH" },
    headers = mostly({ ["X-A"] = "1", ["Content-Type"] = "b" }, headers_of()),
    body = below(4) == 0 and "x" or nil,
    oidc_token = below(3) == 0 and { service_account_email = mostly("a@b.c", text_of(PARTS.mail, 3)) } or nil,
    oauth_token = below(9) == 0 and { service_account_email = "a@b.c" } or nil,
  }
  job.attempt_deadline = mostly(pick { "180s", "15s", "1800s" },
    pick { "14s", "1801s", "0s", "15.500s", "-20s" })
  job.retry_config = below(2) == 0 and {
    retry_count = mostly(5, pick { 6, -1 }),
    max_retry_duration = mostly("5s", pick { "0s", "-5s", "1.500s" }),
    min_backoff_duration = mostly("1.500s", pick { "-1.500s", "5s" }),
    max_doublings = mostly(5, -1),
  } or nil
  return job
end

describe("quick looks", function()
  it("change nothing about what the rules find", function()
    local slow, good = slow_rules(), 0
    for i = 1, 6000 do
      local job = job_of()
      local parent = mostly("projects/P/locations/us", "projects/a-b/locations/us-1")
      local context = i % 2 == 0 and { parent = parent } or nil
      local ok, problems = rules.validate(job, context)
      local want, expected = slow.validate(job, context)
      assert.same({ want, expected }, { ok, problems })
      good = good + (ok and 1 or 0)
    end
    assert.is_true(good > 200, tostring(good))
  end)

  it("find the parent of a name where the pattern does", function()
    local count = 0
    for _ = 1, 5000 do
      local name = name_of()
      assert.equal(name:match("^(projects/[^/]+/locations/[^/]+)/jobs/[^/]+$"), names.parent(name))
      local length = native.plain.parent_length(name)
      assert.equal(names.parse(name) ~= nil, length ~= nil, name)
      count = count + (length and 1 or 0)
    end
    assert.is_true(count > 100, tostring(count))
    assert.equal("projects/jobs/locations/jobs", names.parent "projects/jobs/locations/jobs/jobs/j")
  end)

  it("resolve names as the patterns do", function()
    local default = { project = "P", location = "us" }
    for _ = 1, 3000 do
      local text = text_of({ "j", "/", "_", "x", ".", "", "é" }, 5)
      local parts = {}
      for part in (text .. "/"):gmatch("([^/]*)/") do
        table.insert(parts, 1, part)
      end
      local full = ("projects/%s/locations/%s/jobs/%s"):format(parts[3] or "P", parts[2] or "us", parts[1])
      local want = #parts <= 3 and names.parse(full) and full or nil
      assert.equal(want, (names.resolve(text, default)), text)
    end
  end)

  it("find the mailboxes that the pattern finds", function()
    for _ = 1, 3000 do
      local text = text_of(PARTS.mail, 4)
      assert.equal(text:find("^[^%s@]+@[^%s@]+$") ~= nil, native.plain.is_mailbox(text), text)
    end
  end)
end)
