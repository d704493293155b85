-- Job files: what they declare, and what is said of their mistakes.
local loader = require "mooncron.code.loader"
local sandbox = require "mooncron.code.sandbox"

local function reader(files)
  return function(path)
    if files[path] then
      return files[path]
    end
    return nil, path .. ": No such file or directory"
  end
end

local function load(text, files, args)
  return loader.load_text(text, { read = files and reader(files), args = args })
end

local HTTP <const> = 'http_target = { uri = "https://h.example/" }'

local function ids(declared)
  local list = {}
  for i, one in ipairs(declared.jobs) do
    list[i] = one.name:match("[^/]+$")
  end
  return list
end

describe("a job file", function()
  it("declares jobs one by one, in bulk, and by id", function()
    local declared = assert(load([[
      job "a" { schedule = "1 2 * * *", ]] .. HTTP .. [[ }
      job { name = "b", schedule = "1 2 * * *", ]] .. HTTP .. [[ }
      jobs { { name = "c", schedule = "1 2 * * *", ]] .. HTTP .. [[ } }
      jobs { e = { schedule = "1 2 * * *", ]] .. HTTP .. [[ }, d = { schedule = "1 2 * * *", ]] .. HTTP
        .. [[ } }
      jobs({ "f", "g" }, function(id, i) return { name = id, schedule = i .. " 2 * * *", ]] .. HTTP
        .. [[ } end)
    ]]))
    assert.same({ "a", "b", "c", "d", "e", "f", "g" }, ids(declared))
    assert.same({ "projects/p/locations/l/jobs/a", "1 2 * * *", "jobs.lua:1" },
      { declared.jobs[1].name, declared.jobs[1].job.schedule, declared.jobs[1].where })
    assert.equal("2 2 * * *", declared.jobs[7].job.schedule)
  end)

  it("has rows from CSV, JSON and JSON Lines, with typed and dotted columns", function()
    local files = {
      ["rows.csv"] = 'name,schedule,http_target.uri,retry_config.retry_count,description\r\n'
        .. 'a,1 2 * * *,https://h/,3,"says ""hi"", twice"\r\n\r\nb,every 5 minutes,https://h/,,\n',
      ["rows.json"] = '[{"name":"c","schedule":"1 2 * * *","http_target":{"uri":"https://h/"},'
        .. '"retry_config":{"retry_count":2},"description":null}]',
      ["rows.jsonl"] = '{"name":"d","schedule":"1 2 * * *","http_target.uri":"https://h/",'
        .. '"http_target.headers.A.b":"1"}\n\n',
    }
    local declared = assert(load([[jobs(csv "rows.csv") jobs(json "rows.json") jobs(jsonl "rows.jsonl")]],
      files))
    assert.same({ "a", "b", "c", "d" }, ids(declared))
    assert.same({ retry_count = 3 }, declared.jobs[1].job.retry_config)
    assert.equal('says "hi", twice', declared.jobs[1].job.description)
    assert.is_nil(declared.jobs[2].job.retry_config)
    assert.same({ ["A.b"] = "1" }, declared.jobs[4].job.http_target.headers)
    assert.same({ "jobs.lua", "rows.csv", "rows.json", "rows.jsonl" }, declared.files)
  end)

  it("nests its defaults, and what a job says goes first", function()
    local declared = assert(load([[
      defaults { time_zone = "Europe/Berlin", retry_config = { retry_count = 3 } }
      defaults({
        schedule = "1 2 * * *",
        http_target = { uri = "https://h/", headers = { A = "1", B = "2" },
          oidc_token = { service_account_email = "a@b" } },
      }, function()
        job "a" { retry_config = { max_doublings = 2 } }
        job "b" { retry_config = false, http_target = { headers = { B = false, C = "3" } } }
        job "c" { pubsub_target = { topic_name = "projects/p/topics/t", data = "x" } }
        job "d" { http_target = { uri = "https://x.googleapis.com/",
          oauth_token = { service_account_email = "c@d" } } }
      end)
      job "e" { schedule = "3 4 * * *", http_target = { uri = "https://h/" } }
    ]]))
    local job = {}
    for i, one in ipairs(declared.jobs) do
      job[i] = one.job
      assert.equal("Europe/Berlin", one.job.time_zone)
    end
    assert.same({ retry_count = 3, max_doublings = 2 }, job[1].retry_config)
    assert.is_nil(job[2].retry_config)
    assert.same({ A = "1", C = "3" }, job[2].http_target.headers)
    assert.is_nil(job[3].http_target)
    assert.is_nil(job[4].http_target.oidc_token)
    assert.is_nil(job[5].http_target.oidc_token)
  end)

  it("includes others, with their defaults for themselves", function()
    local declared = assert(load([[
      defaults { time_zone = "Asia/Kathmandu" }
      local make = include "lib/make.lua"
      job(make("b"))
    ]], {
      ["jobs.lua"] = "",
      ["lib/make.lua"] = 'defaults { description = "inside" } job { name = "a", schedule = "1 2 * * *", '
        .. HTTP .. ' } '
        .. 'include "more.lua" return function(id) return { name = id, schedule = "1 2 * * *", ' .. HTTP
          .. ' } end',
      ["lib/more.lua"] = 'job "m" { schedule = "1 2 * * *", ' .. HTTP .. ' }',
    }))
    assert.same({ "a", "m", "b" }, ids(declared))
    assert.same({ "inside", "inside" }, { declared.jobs[1].job.description,
      declared.jobs[2].job.description })
    assert.is_nil(declared.jobs[3].job.description)
    assert.equal("Asia/Kathmandu", declared.jobs[3].job.time_zone)
    assert.equal("lib/make.lua:1", declared.jobs[1].where)
  end)

  it("takes arguments as they are declared", function()
    local text = [[
      local a = args { env = { one_of = { "dev", "prod" }, default = "dev" }, count = "integer",
        loud = { default = false } }
      for i = 1, a.count do
        job("j" .. i) { schedule = "1 2 * * *", description = a.env .. tostring(a.loud), ]] .. HTTP .. [[ }
      end]]
    local declared = assert(load(text, nil, { count = "2", loud = "true" }))
    assert.same({ "j1", "j2" }, ids(declared))
    assert.equal("devtrue", declared.jobs[1].job.description)
  end)

  it("makes jobs for places of their own", function()
    local declared = assert(load([[
      set { name = "s", locations = { "europe-west1" } }
      for _, row in ipairs(product { location = { "us-east1", "asia-east1" }, env = { "dev", "prod" } }) do
        job { name = "j-" .. row.env, location = row.location, schedule = "1 2 * * *", ]] .. HTTP .. [[ }
      end]]))
    assert.equal("projects/p/locations/us-east1/jobs/j-dev", declared.jobs[1].name)
    assert.same({
      "projects/p/locations/asia-east1", "projects/p/locations/europe-west1", "projects/p/locations/l",
      "projects/p/locations/us-east1",
    }, declared.parents)
    assert.equal("[mooncron:s]", declared.jobs[1].job.description)
  end)

  it("is the same every time: names come in order, sorting is stable", function()
    local text = [[
      local t = {}
      for i = 1, 300 do t["k" .. i] = i end
      local list = {}
      for name in pairs(t) do list[#list + 1] = { name = name, kind = #name } end
      table.sort(list, function(a, b) return a.kind < b.kind end)
      for _, row in ipairs(list) do
        job(row.name) { schedule = "1 2 * * *", description = tostring({}) .. ("%s"):format(row.kind), ]]
      .. HTTP .. [[ }
      end]]
    local first, second = assert(load(text)), assert(load(text))
    assert.same(ids(first), ids(second))
    assert.same({ "k1", "k2", "k3" }, table.move(ids(first), 1, 3, 1, {}))
    assert.equal("k10", ids(first)[10])
    assert.equal("table2", first.jobs[1].job.description)
  end)
end)

-- text, what the message has to say, why it is here
local MISTAKES <const> = {
  { 'job "a" { schedule = "61 * * * *", ' .. HTTP .. ' }',
    "^jobs.lua:1: job 'a': schedule '61 %* %* %* %*': minute 61",
    "a schedule that is none" },
  { '\n\njob "a" {\n scheduel = "1 * * * *", ' .. HTTP .. ' }',
    "^jobs.lua:3: job 'a': scheduel: no such field, did you "
    .. "mean 'schedule'%?", "the line is that of the declaration" },
  { 'job "a" { pausd = true, schedule = "1 * * * *", ' .. HTTP .. ' }', "did you mean 'paused'",
    "a name of ours" },
  { 'job "a" { schedule = "1 2 * * *", http_target = { uri = "http://h/", body = "x", http_method = "GET"}}',
    "body", "a body with GET" },
  { 'job "a" { schedule = "1 * * * *", ' .. HTTP .. ' } job "a" { schedule = "1 * * * *", ' .. HTTP .. ' }',
    "is declared already at jobs.lua:1", "declared twice" },
  { 'job "a"', "wants its table", "half a declaration" },
  { 'job { schedule = "1 * * * *" }', "the job has no name", "no name" },
  { 'job "a/b c" { schedule = "1 * * * *" }', "name 'a/b c'", "a name that is none" },
  { 'job "a" { paused = 1 }', "paused must be of type boolean", "a value of another type" },
  { 'job "a" { schedule = "1 * * * *", ignore = { "hurd" }, ' .. HTTP .. ' }',
    "no lint rule 'hurd', did you mean 'herd'",
    "an unknown rule" },
  { 'jobs { { name = "a", schedule = "1 * * * *" } }', "no target.*%(row 1%)", "which row" },
  { 'jobs(csv "r.csv")', "jobs.lua:1: job 'a':.*%(r.csv:3%)", "which line of the data" },
  { 'jobs(csv "bad.csv")', "bad.csv:2: 1 cells, the head has 2", "a short row" },
  { 'jobs(csv "quote.csv")', "quote.csv:2: a quoted cell has no closing quote", "an open quote" },
  { 'jobs(json "bad.json")', "bad.json:2:", "JSON that is none, by its line" },
  { 'csv "/etc/passwd"', "write it relative", "an absolute path" },
  { 'csv "none.csv"', "cannot read none.csv", "no such file" },
  { 'include "loop.lua"', "loop.lua:1: 'loop.lua' includes itself", "a circle" },
  { "x = 1", "'x' would be global, write 'local x'", "a global that is set" },
  { "local function f() return y end f()", "unknown name 'y'", "a global that is read" },
  { "jbos {}", "unknown name 'jbos', did you mean 'jobs'", "a typo" },
  { "os.time()", "'os', there is none in a job file", "the clock" },
  { "math.random()", "attempt to call a nil value", "randomness" },
  { "io.open('x')", "read rows with csv", "files" },
  { 'load("return 1")', "there is none", "code from text" },
  { '("x"):dump()', "attempt to call a nil value", "methods of texts are the bounded ones" },
  { 'local s = ("x"):rep(1 << 40)', "a text of more than 16 MB", "memory in one step" },
  { 'local s = ("%p"):format({})', "differs from run to run", "addresses" },
  { "defaults { retry_confg = {} }", "defaults: retry_confg: no such field, did you mean 'retry_config'",
    "a typo in defaults" },
  { 'defaults { name = "x" }', "no place for 'name'", "a name for all" },
  { 'set "a b"', "set 'a b': use letters", "a set's name" },
  { 'set "a" set "b"', "the set is 'a' already", "two sets" },
  { 'set "s" job "a" { schedule = "1 * * * *", description = ("x"):rep(495), ' .. HTTP .. ' }',
    "has 508 characters with the set's mark", "no room for the mark" },
  { 'job "a" { schedule = "1 * * * *", description = "x [mooncron:y]", ' .. HTTP .. ' }',
    "put there by the set",
    "a mark by hand" },
  { 'args { n = "integer" }', "parameter 'n' is missing, give it with %-%-arg",
    "an argument that is missing" },
  { 'args { n = { type = "integr" } }', "type 'integr' is not", "a type that is none" },
  { 'args { n = { defalt = 1 } }', "no such field 'defalt', did you mean 'default'",
    "a typo in a parameter" },
  { "error('mine')", "^jobs.lua:1: mine$", "an error of the file's own" },
  { "error({})", "^jobs.lua:1: an error without a text$", "an error that is no text" },
  { "\nassert(false, 'no')", "^jobs.lua:2: no$", "an error without a place" },
  { "table.move({}, 1, 1 << 60, 2)", "table.move of more than", "a loop in one step" },
  { "local t = nil\nreturn t.x", "jobs.lua:2: attempt to index", "an error of Lua's" },
  { "job {", "^jobs.lua:1: ", "no Lua" },
  { "\27Lua", "attempt to load a binary chunk", "bytecode" },
  { 'job "a" { schedule = "1 * * * *", at = "2026-01-01T00:00", ' .. HTTP .. ' }',
    "at is the whole schedule", "two schedules" },
  { "args 'x'", "args wants a table", "args of something else" },
  { "product 'x'", "product wants a table", "a product of something else" },
  { "defaults({}, 1)", "the second is a function", "defaults around nothing" },
  { 'csv("r.csv", { separator = "--" })', "separator '%-%-'", "a separator that is none" },
  { 'spread("x", "every 7 minutes")', "7 minutes do not divide 60", "spread over what does not divide" },
}

local FILES <const> = {
  ["r.csv"] = "name,schedule\n\na,1 2 * * *\n",
  ["bad.csv"] = "a,b\nx\n",
  ["quote.csv"] = 'a,b\n"x,y\n',
  ["bad.json"] = '[\n{"a":}]',
  ["loop.lua"] = 'include "loop.lua"',
}

describe("a mistake", function()
  for _, row in ipairs(MISTAKES) do
    it("is told: " .. row[3], function()
      local declared, e = load(row[1], FILES)
      assert.is_nil(declared)
      assert.matches(row[2], table.concat(e.lines or { e.message }, "\n"))
    end)
  end

  it("does not hide the others", function()
    local _, e = load([[
      job "a" { schedule = "61 * * * *", ]] .. HTTP .. [[ }
      job "b" { schedule = "1 25 * * *", retries = 1, ]] .. HTTP .. [[ }
    ]], nil, { evn = "x" })
    assert.matches("%(and 2 more%)$", e.message)
    assert.matches("^jobs.lua:1: job 'a'", e.lines[1])
    assert.matches("^jobs.lua:2: job 'b': retries", e.lines[2])
    assert.matches("^%-%-arg evn: no job file declares it", e.lines[3])
  end)

  it("that has no end is stopped, and the strings are whole again", function()
    local most = sandbox.max_steps
    sandbox.max_steps = 1000000
    local _, e = load("while true do end")
    sandbox.max_steps = most
    assert.matches("^jobs.lua:1: it does not come to an end", e.message)
    assert.is_function(("x").dump)
    assert.is_nil(debug.gethook())
  end)
end)

describe("a long path", function()
  local path <const> = ("folder/"):rep(20) .. "jobs.lua"
  for _, text in ipairs { "\nlocal t = nil; t.x = 1", "\nx x", "\nassert(nil)", "\nx = 1" } do
    it(("is told in full: %q"):format(text), function()
      local _, e = loader.load({ path }, { project = "p", location = "l", read = function() return text end })
      assert.equal(path .. ":2: ", e.message:sub(1, #path + 4))
    end)
  end
end)

describe("a template", function()
  local T = [[local t = template({
    id = { match = "[a-z]+" }, n = { type = "integer", default = 3, min = 0, max = 5 },
      env = { one_of = { "dev", "prod" } },
  }, function(p)
    return { name = p.id, schedule = p.n .. " 2 * * *", description = p.env, ]] .. HTTP .. [[ }
  end)
  ]]

  it("makes what its parameters say, also from rows of text", function()
    local declared = assert(load(T .. 'job(t { id = "a", env = "dev" }) jobs(csv "r.csv", t)', {
      ["r.csv"] = "id,n,env\nb,4,prod\n",
    }))
    assert.same({ "3 2 * * *", "4 2 * * *" }, { declared.jobs[1].job.schedule,
      declared.jobs[2].job.schedule })
  end)

  local rows = {
    { '{ env = "dev" }', "parameter 'id' is missing" },
    { '{ id = "a", env = "dev", m = 1 }', "no such parameter 'm', did you mean 'n'" },
    { '{ id = "a", env = "dve" }', "parameter 'env' 'dve' is not one of dev, prod, did you mean 'dev'" },
    { '{ id = "A", env = "dev" }', "'A' does not fit the pattern" },
    { '{ id = "a", env = "dev", n = 6 }', "'6' is more than 5" },
    { '{ id = "a", env = "dev", n = -1 }', "'%-1' is less than 0" },
    { '{ id = "a", env = "dev", n = "x" }', "'x': must be an integer" },
    { '{ id = 1, env = "dev" }', "must be a string, not number" },
  }
  for _, row in ipairs(rows) do
    it("refuses " .. row[1], function()
      local _, e = load(T .. "\n\n job(t " .. row[1] .. ")")
      assert.matches(row[2], e.message)
      assert.matches("^jobs.lua:9: ", e.message)
    end)
  end
end)
