---Writers, and what is cut from a job before it is written.

local hcl <const> = require "mooncron.port.hcl"
local hcl_reader <const> = require "support.hcl"
local literal <const> = require "mooncron.port.literal"
local model <const> = require "mooncron.port.model"
local port <const> = require "mooncron.port"
local stored <const> = require "mooncron.api.stored"
local support <const> = require "support.port"

local HOME <const> = { project = "p", location = "l" }

local function name(id)
  return "projects/p/locations/l/jobs/" .. id
end

local function write(jobs, format)
  local text, notes = port.write(jobs, format)
  return text, support.lines(notes)
end

describe("a tidy job", function()
  local function http(target, more)
    local job = { name = name "a", schedule = "* * * * *", http_target = target }
    for key, value in pairs(more or {}) do
      job[key] = value
    end
    return job
  end
  local rows <const> = {
    { http({ uri = "https://a.example/x" }), http({ uri = "https://a.example/x" }), "is as it is" },
    { http({ uri = "https://a.example/x", http_method = "POST",
      headers = { ["User-Agent"] = "Google-Cloud-Scheduler" },
      oidc_token = { service_account_email = "a@b", audience = "https://a.example/x" } },
      { time_zone = "UTC", attempt_deadline = "180s", retry_config = { max_retry_duration = "0s",
        min_backoff_duration = "5s", max_backoff_duration = "3600s", max_doublings = 5 } }),
      http({ uri = "https://a.example/x", oidc_token = { service_account_email = "a@b" } }),
      "has nothing that the service fills in" },
    { http({ uri = "https://a.example/x", body = "b",
      headers = { ["content-type"] = "application/octet-stream", A = "b", ["X-Google-Y"] = "z" } }),
      http({ uri = "https://a.example/x", body = "b", headers = { A = "b" } }), "nor a header that it sets" },
    { http({ uri = "https://a.example/x", headers = { ["Content-Type"] = "application/octet-stream" } }),
      http({ uri = "https://a.example/x", headers = { ["Content-Type"] = "application/octet-stream" } }),
      "keeps one that it would not" },
    { http({ uri = "https://a.example/x" }, { retry_config = { retry_count = 2, min_backoff_duration = "5s",
      max_backoff_duration = "9s" } }),
      http({ uri = "https://a.example/x" },
        { retry_config = { retry_count = 2, max_backoff_duration = "9s" } }),
      "keeps what is not a default" },
    { { name = name "a", attempt_deadline = "5s", pubsub_target = { topic_name = "t" }, state = "PAUSED" },
      { name = name "a", pubsub_target = { topic_name = "t" }, state = "PAUSED" },
      "keeps its pause" },
  }
  for _, row in ipairs(rows) do
    it(row[3], function()
      local before = model.copy(row[1])
      assert.same(row[2], port.tidy(row[1]))
      assert.same(before, row[1])
    end)
  end

  it("is stored as the whole one is", function()
    local make = require("support.jobs").generator(99)
    for _ = 1, 200 do
      local job = make()
      job.retry_config = job.retry_config or {}
      local again = port.tidy(stored.normalise(job))
      again.retry_config = again.retry_config or {}
      local want = stored.normalise(job)
      want.attempt_deadline = not want.pubsub_target and want.attempt_deadline or nil
      assert.same(want, stored.normalise(again))
    end
  end)
end)

describe("a literal", function()
  local rows <const> = {
    { "a", '"a"' }, { 'a"b', '[[a"b]]' }, { "a\0" .. "1", '"a\\x001"' }, { "\xff", '"\\xFF"' },
    { "a\r\nb", '"a\\r\\nb"' }, { { ['a"b'] = 1 }, '{ [ [[a"b]] ] = 1 }' },
    { 3, "3" }, { 1e300, "1.0000000000000001e+300" }, { {}, "{}" },
    { { 1, { 2 } }, "{ 1, { 2 } }" }, { { ["end"] = 1, b = { c_1 = true }, ["a-b"] = "x" },
      '{ ["a-b"] = "x", b = { c_1 = true }, ["end"] = 1 }' },
  }
  for _, row in ipairs(rows) do
    it("is " .. row[2], function()
      assert.equal(row[2], literal.value(row[1]))
      assert.same(row[1], load("return " .. row[2])())
    end)
  end
end)

describe("a job file", function()
  local jobs <const> = {
    { name = name "a", schedule = "0 1 * * *", time_zone = "Europe/Berlin", state = "PAUSED",
      http_target = { uri = "https://a.example/a", body = '{"n":1}', headers = { A = "1", B = "x" },
        oidc_token = { service_account_email = "r@p" } }, retry_config = { retry_count = 3 } },
    { name = name "b", schedule = "0 2 * * *", time_zone = "Europe/Berlin", description = "two [mooncron:x]",
      http_target = { uri = "https://a.example/b", http_method = "PUT", body = "{ }",
        headers = { A = "1", B = "y" }, oidc_token = { service_account_email = "r@p" } },
      retry_config = { retry_count = 2 } },
    { name = "projects/p/locations/m/jobs/c", schedule = "0 3 * * *", time_zone = "Asia/Tokyo",
      pubsub_target = { topic_name = "projects/p/topics/t", data = "x" }, retry_config = {} },
  }

  it("has what is common in defaults, a target's parts for its kind only", function()
    local text, notes = write(jobs, "lua")
    assert.equal([=[
-- Jobs of projects/p/locations/l.
-- Load with --project p --location l, or elsewhere.

defaults {
  time_zone = "Europe/Berlin",
}

defaults({
  http_target = { headers = { A = "1" }, oidc_token = { service_account_email = "r@p" } },
}, function()
  job "a" {
    schedule = "0 1 * * *",
    paused = true,
    http_target = { uri = "https://a.example/a", headers = { B = "x" }, body = { n = 1 } },
    retry_config = { retry_count = 3 },
  }

  job "b" {
    description = "two",
    schedule = "0 2 * * *",
    http_target = {
      uri = "https://a.example/b",
      http_method = "PUT",
      headers = { B = "y" },
      body = "{ }",
    },
    retry_config = { retry_count = 2 },
  }
end)

job "c" {
  location = "m",
  schedule = "0 3 * * *",
  time_zone = "Asia/Tokyo",
  pubsub_target = { topic_name = "projects/p/topics/t", data = "x" },
  retry_config = {},
}
]=], text)
    assert.same({ "job 'b': the mark of set 'x' is left out: not all jobs are in one set" }, notes)
  end)

  it("is of the set that all its jobs are of", function()
    local marked = model.copy(jobs)
    marked[1].description, marked[3].description = "[mooncron:x]", "three [mooncron:x]"
    local text, notes = write(marked, "lua")
    local back, set = support.load(text, HOME)
    assert.equal("x", set)
    assert.same({}, notes)
    for i, job in ipairs(marked) do
      assert.equal(job.description, back[i].description)
    end
  end)

  it("is empty without jobs, and plain with one", function()
    assert.equal("", (write({}, "lua")))
    local text = write({ { name = "a", schedule = "* * * * *" } }, "lua")
    assert.equal('job "a" {\n  schedule = "* * * * *",\n}\n', text)
  end)
end)

describe("Terraform's language", function()
  local rows <const> = {
    { "a", '"a"' }, { 'a"b\\\n\r\t', '"a\\"b\\\\\\n\\r\\t"' }, { "\1\127", '"\\u0001\\u007f"' },
    { "${a} %{b} $ {", '"$${a} %%{b} $ {"' }, { "$${a}", '"\\u0024$${a}"' },
    { "%%${a}", '"\\u0025\\u0025$${a}"' },
  }
  for _, row in ipairs(rows) do
    it("quotes " .. row[2], function()
      assert.equal(row[2], hcl.quote(row[1]))
      local list = hcl_reader.read('resource "t" "n" {\n  a = ' .. row[2] .. "\n}\n")
      assert.equal(row[1], list[1].values.a)
    end)
  end

  it("has heredocs only for texts that come back", function()
    assert.equal("<<EOT\na\nb\nEOT", hcl.heredoc("a\nb\n"))
    assert.equal("<<EOT_\nEOT\n  $${a}\nEOT_", hcl.heredoc("EOT\n  ${a}\n"))
    for _, text in ipairs { "a", "a\n", "a\nb", "a\r\nb\n", "a\n$${b}\n", "a\n\0\n" } do
      assert.is_nil(hcl.heredoc(text))
    end
  end)

  it("would normalise some texts, which go as base64", function()
    assert.is_true(hcl.is_stable("abc é 日本 🚀"))
    assert.is_false(hcl.is_stable("e\u{301}"))
    assert.is_false(hcl.is_stable("\u{2126}")) -- the sign for ohm becomes omega
    assert.is_false(hcl.is_stable("\xff"))
  end)

  it("has resources with labels of their own", function()
    local text = write({ { name = name "9a" }, { name = "job_9a" } }, "terraform")
    assert.equal([[
resource "google_cloud_scheduler_job" "job_9a" {
  name    = "9a"
  project = "p"
  region  = "l"
}

resource "google_cloud_scheduler_job" "job_9a-2" {
  name = "job_9a"
}
]], text)
  end)
end)

describe("commands for gcloud", function()
  local function flag(text, which)
    return text:match("%-%-" .. which .. "=([^\n]*)")
  end

  it("part maps by what is not in them", function()
    local rows <const> = {
      { { A = "b", C = "d" }, "A=b,C=d" }, { { A = "b,c", D = "e" }, "'^;^A=b,c;D=e'" },
      { { A = "b,;|~" }, "'^::^A=b,;|~'" }, { { ["^A"] = "b" }, "'^;^^A=b'" }, { { A = "," }, "'^;^A=,'" },
      { { A = ":,;|~", B = ":" }, "^@@^A=:,;|~@@B=:" },
    }
    for _, row in ipairs(rows) do
      local target = { topic_name = "projects/p/topics/t", attributes = row[1] }
      local job = { name = name "a", pubsub_target = target }
      local text = write({ job }, "gcloud")
      assert.equal((row[2]:gsub("^'(.*)'$", "%1")), (flag(text, "attributes"):gsub("^'(.*)'$", "%1")))
      assert.same({ job }, (port.read(text, { format = "gcloud" })))
    end
  end)

  it("say as a comment what gcloud cannot", function()
    local text, notes = write({
      { name = name "a", attempt_deadline = "20.500s",
        http_target = { uri = "https://a.example", http_method = "PATCH" } },
      { name = name "b", attempt_deadline = "20s",
        pubsub_target = { topic_name = "projects/p/topics/t", attributes = { ["a=b"] = "c" } } },
      { name = name "c", app_engine_http_target = { app_engine_routing = { instance = "i" } } },
      { name = name "d" },
    }, "gcloud")
    assert.same({
      "job 'a': gcloud does not offer the method PATCH",
      "job 'a': gcloud takes whole seconds only: attempt_deadline is 20.500s",
      "job 'b': pubsub_target.attributes has a name or value that gcloud cannot take: 'a=b'",
      "job 'b': Pub/Sub jobs have no attempt_deadline in gcloud, 20s",
      "job 'c': gcloud has no flag for app_engine_routing.instance, 'i'",
      "job 'd': left out: gcloud wants a name and a target",
    }, notes)
    assert.truthy(text:find("\n# a: gcloud does not offer the method PATCH\n", 1, true))
  end)
end)
