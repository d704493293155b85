local build <const> = require "mooncron.cli.jobs.build"
local flags <const> = require "mooncron.cli.jobs.flags"
local names <const> = require "mooncron.cli.jobs.names"
local values <const> = require "mooncron.cli.jobs.values"

local WORLD <const> = {
  project = "p",
  read_file = function(path)
    if path == "there" then
      return "content"
    end
    return nil, path .. ": No such file or directory"
  end,
}

describe("a duration", function()
  local rows <const> = {
    { "10s", "10s" }, { "1m30s", "90s" }, { "1.5h", "5400s" }, { "PT1H30M", "5400s" }, { "1d", "86400s" },
    { "P1DT1S", "86401s" }, { "250ms", "0.250s" }, { "1,5s", "1.500s" }, { "30s1m", "90s" }, { "2w",
      "1209600s" },
    { "P0", "0s" }, { "0s", "0s" }, { "-5s", "-5s" },
    { "10", nil }, { "", nil }, { "abc", nil }, { "1x", nil }, { "P1M", nil }, { "999999999999999s", nil },
  }
  for _, row in ipairs(rows) do
    it(("%q is %s"):format(row[1], row[2] or "refused"), function()
      local got, problem = values.duration(row[1])
      assert.equal(row[2], got)
      assert.equal(row[2] == nil, problem ~= nil)
    end)
  end
end)

describe("a list flag", function()
  it("splits at commas, or at what is between carets", function()
    assert.same({ "a", "b" }, values.list "a,b")
    assert.same({ "a,b", "c" }, values.list "^;^a,b;c")
    assert.same({ "a", "b" }, values.list "^::^a::b::")
    assert.same({}, values.list "")
    assert.same({ a = "1", b = "x=y" }, values.map "a=1,b=x=y")
    assert.is_nil((values.map "a"))
    assert.is_nil((values.list "^^a"))
  end)
end)

describe("jobs create", function()
  local HTTP <const> = { schedule = "* * * * *", uri = "http://x/" }

  local function with(more)
    local all = {}
    for key, value in pairs(HTTP) do
      all[key] = value
    end
    for key, value in pairs(more) do
      all[key] = value ~= "" and value or nil
    end
    return all
  end

  it("sends gcloud's defaults", function()
    assert.same({
      schedule = "* * * * *",
      time_zone = "Etc/UTC",
      retry_config = {
        retry_count = 0, min_backoff_duration = "5s", max_backoff_duration = "3600s", max_doublings = 5,
      },
      http_target = { uri = "http://x/", http_method = "POST" },
    }, build.create("http", HTTP, WORLD))
    local job = build.create("app-engine", { schedule = "* * * * *" }, WORLD)
    assert.same({ relative_uri = "/", http_method = "POST" }, job.app_engine_http_target)
  end)

  it("reads bodies, maps, methods and topics", function()
    local job = build.create("http", with {
      http_method = "PuT", headers = "A=1", message_body_from_file = "there",
        oidc_service_account_email = "e",
    }, WORLD)
    assert.same({
      uri = "http://x/", http_method = "PUT", headers = { A = "1" }, body = "content",
      oidc_token = { service_account_email = "e" },
    }, job.http_target)
    job = build.create("pubsub", { schedule = "* * * * *", topic = "t", attributes = "a=b" }, WORLD)
    assert.same({ topic_name = "projects/p/topics/t", attributes = { a = "b" } }, job.pubsub_target)
  end)

  local wrong <const> = {
    { "http", with { uri = "" }, "argument --uri: Must be specified." },
    { "http", with { schedule = "" }, "argument --schedule: Must be specified." },
    { "http", with { uri = "ftp://x" }, "Must be a valid HTTP or HTTPS URL" },
    { "http", with { http_method = "trace" }, "Invalid choice: 'trace'" },
    { "app-engine", { schedule = "* * * * *", http_method = "patch" }, "Invalid choice: 'patch'" },
    { "app-engine", { schedule = "* * * * *", relative_url = "x" }, "Must begin with" },
    { "http", with { headers = "A" }, "Bad syntax for dict arg: [A]" },
    { "http", with { max_retry_attempts = "x" }, "invalid int value: 'x'" },
    { "http", with { message_body = "a", message_body_from_file = "there" }, "At most one of" },
    { "http", with { message_body_from_file = "gone" }, "Unable to read file [gone]" },
    { "http", with { oidc_token_audience = "a" }, "--oidc-service-account-email must be specified" },
    { "http", with { oidc_service_account_email = "a", oauth_service_account_email = "b" },
      "At most one of" },
    { "pubsub", { schedule = "* * * * *", topic = "t" }, "--message-body | --message-body-from-file" },
  }
  for _, row in ipairs(wrong) do
    it("refuses with " .. row[3], function()
      local job, problem = build.create(row[1], row[2], WORLD)
      assert.is_nil(job)
      assert.is_truthy(problem:find(row[3], 1, true), problem)
    end)
  end
end)

describe("jobs update", function()
  local LIVE <const> = { http_target = { headers = { A = "1", B = "2" } } }

  -- target, flags, job, mask, why
  local rows <const> = {
    { "http", { schedule = "0 1 * * *" }, { schedule = "0 1 * * *" }, { "schedule" }, "one field" },
    { "http", { clear_time_zone = true }, { time_zone = "Etc/UTC" }, { "time_zone" },
      "cleared to the default" },
    { "http", { clear_max_retry_duration = true }, {}, { "retry_config.max_retry_duration" }, "to nothing" },
    { "http", { update_headers = "B=3,C=4", remove_headers = "A" },
      { http_target = { headers = { B = "3", C = "4" } } }, { "http_target.headers" },
        "edits keep the rest" },
    { "http", { clear_headers = true }, {}, { "http_target.headers" }, "a map cleared" },
    { "http", { clear_auth_token = true }, {}, {
      "http_target.oauth_token.scope", "http_target.oauth_token.service_account_email",
      "http_target.oidc_token.audience", "http_target.oidc_token.service_account_email",
    }, "tokens" },
    { "app-engine", { clear_service = true, version = "v" },
      { app_engine_http_target = { app_engine_routing = { service = "default", version = "v" } } },
      { "app_engine_http_target.app_engine_routing.service",
        "app_engine_http_target.app_engine_routing.version" },
      "as gcloud clears a service" },
  }
  for _, row in ipairs(rows) do
    it("masks " .. row[5], function()
      local job, mask = build.update(row[1], row[2], LIVE, WORLD)
      assert.same({ row[3], row[4] }, { job, mask })
    end)
  end

  it("asks for the live job only for edits", function()
    assert.is_true(build.needs_live("http", { remove_headers = "A" }))
    assert.is_false(build.needs_live("http", { clear_headers = true }))
  end)

  it("leaves the live job alone", function()
    build.update("http", { remove_headers = "A" }, LIVE, WORLD)
    assert.same({ A = "1", B = "2" }, LIVE.http_target.headers)
  end)

  for problem, given in pairs {
    ["nothing to change"] = {},
    ["At most one of --time-zone | --clear-time-zone"] = { time_zone = "UTC", clear_time_zone = true },
    ["At most one of --update-headers | --clear-headers"] = { update_headers = "A=1", clear_headers = true },
  } do
    it("refuses with " .. problem, function()
      local job, why = build.update("http", given, LIVE, WORLD)
      assert.is_nil(job)
      assert.is_truthy(why:find(problem, 1, true), why)
    end)
  end
end)

it("every flag has help, and leads somewhere", function()
  for _, target in ipairs(flags.order) do
    for _, verb in ipairs { "create", "update" } do
      for _, flag in ipairs(flags.of(verb, target)) do
        assert.is_string(flag.help, flag[1])
        assert.is_truthy(flag.field or flag.clears or flag.edits or flag.removes, flag[1])
      end
    end
  end
end)

describe("a glob", function()
  local rows <const> = {
    { "report-*", "report-1", true }, { "report-*", "xreport-1", false }, { "?", "a", true }, { "a?", "a",
      false },
    { "[a-c]x", "bx", true }, { "[!a-c]x", "bx", false }, { "a-b", "aab", false }, { "*", "", true },
  }
  for _, row in ipairs(rows) do
    it(("%s and %s"):format(row[1], row[2]), function()
      assert.equal(row[3], row[2]:find(names.pattern(row[1])) ~= nil)
    end)
  end
end)
