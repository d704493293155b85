-- Lint rules: what each one points at, and what it leaves alone.
local lint = require "mooncron.code.lint"
local lint_names = require "mooncron.code.lint_names"
local loader = require "mooncron.code.loader"
local support = require "support.jobfiles"

local function find(text)
  local declared = assert(loader.load_text(text))
  local rules = {}
  for _, finding in ipairs(lint.check(declared, { now_ms = support.NOW_MS })) do
    rules[finding.rule] = finding
  end
  return rules
end

-- A job that no rule minds, with some of its fields replaced.
local function job(fields)
  return ([[job "good" {
    schedule = "7 5 * * *", retry_config = { retry_count = 3 },
    http_target = { uri = "https://h.example/x", oidc_token = { service_account_email = "a@b" } },
    %s
  }]]):format(fields or "")
end

local TOKEN <const> = 'oidc_token = { service_account_email = "a@b" }'

-- rule, file that it minds, file that it does not
local ROWS <const> = {
  { "audience", 'http_target = { uri = "https://h.example/x", oidc_token = { service_account_email = "a@b",'
    .. ' audience = "https://other.example" } }',
      'http_target = { uri = "https://h.example/x", oidc_token = {'
    .. ' service_account_email = "a@b", audience = "https://h.example" } }' },
  { "day-union", 'schedule = "7 5 1 * MON"', 'schedule = "7 5 * * MON"' },
  { "dst", 'schedule = "7 2 * * *", time_zone = "Europe/Berlin"',
    'schedule = "7 2 * * *", time_zone = "UTC"' },
  { "ignored-field", 'http_target = nil, pubsub_target = { topic_name = "projects/p/topics/t", data = "x" },'
    .. ' attempt_deadline = "20s"', 'attempt_deadline = "20s"' },
  { "ignored-header", 'http_target = { uri = "https://h/", ' .. TOKEN
    .. ', headers = { ["x-google-a"] = "1" } }',
    'http_target = { uri = "https://h/", ' .. TOKEN .. ', headers = { ["x-goog-a"] = "1" } }' },
  { "minute-zero", 'schedule = "0 5 * * *"', 'schedule = "1 5 * * *"' },
  { "missing-auth", 'http_target = { uri = "https://h/" }', 'http_target = { uri = "http://localhost/" }' },
  { "missing-retry", "retry_config = { max_doublings = 3 }",
    'retry_config = { max_retry_duration = "60s" }' },
  { "plain-http", 'http_target = { uri = "http://h/", ' .. TOKEN .. " }",
    'http_target = { uri = "http://127.0.0.1/", ' .. TOKEN .. " }" },
  { "short-months", 'schedule = "7 5 31 * *"', 'schedule = "7 5 28 * *"' },
  { "uneven-step", 'schedule = "*/7 * * * *"', 'schedule = "*/6 * * * *"' },
}

local function replaced(fields)
  local text = job(fields)
  for name in fields:gmatch("%f[%w_]([%w_]+) = ") do
    if name == "schedule" then
      text = text:gsub('schedule = "7 5 %* %* %*",', "", 1)
    elseif name == "retry_config" then
      text = text:gsub("retry_config = { retry_count = 3 },", "", 1)
    elseif name == "http_target" then
      text = text:gsub('http_target = { uri = "https://h.example/x", oidc_token = { .- } },', "", 1)
    end
  end
  return text
end

describe("lint", function()
  it("has nothing to say of a good job", function()
    assert.same({}, find(job()))
  end)

  for _, row in ipairs(ROWS) do
    it("minds " .. row[1], function()
      local found = find(replaced(row[2]))
      assert.is_table(found[row[1]])
      assert.same({ "jobs.lua:1", "projects/p/locations/l/jobs/good" }, { found[row[1]].where,
        found[row[1]].name })
      assert.is_nil(find(replaced(row[3]))[row[1]])
      assert.is_nil(find(replaced(row[2] .. (', ignore = { "%s" }'):format(row[1])))[row[1]])
    end)
  end

  it("minds names that others refuse", function()
    for _, id in ipairs { "1st", "Report", ("x"):rep(64) } do
      assert.is_table(find((job():gsub("good", id))).name, id)
    end
  end)

  it("minds what is over", function()
    local found = find [[job "a" { schedule = at "2026-01-01T10:07",
      http_target = { uri = "http://localhost/" } }]]
    assert.equal("error", found["never-fires"].level)
  end)

  it("minds a herd, not a few", function()
    local text = [[for i = 1, %d do
      job("j" .. i) { schedule = "7 " .. i %% 24 .. " * * *", http_target = { uri = "http://localhost/" } }
    end]]
    assert.is_nil(find(text:format(lint.herd - 1)).herd)
    local found = find(text:format(lint.herd)).herd
    assert.matches("^20 jobs start at minute 7", found.message)
  end)

  it("has a name for each rule", function()
    local tested = { herd = true, name = true, ["never-fires"] = true }
    for _, row in ipairs(ROWS) do
      tested[row[1]] = true
    end
    assert.same(lint_names.known, tested)
  end)
end)
