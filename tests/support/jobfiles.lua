---What specs of jobs as code share: made-up jobs that are the same in every run, a local scheduler behind a
---client, and clients on which things go wrong.

local chance = require "support.chance"
local err = require "mooncron.err"
local live = require "mooncron.code.live"
local loader = require "mooncron.code.loader"
local mooncron = require "mooncron"
local plan = require "mooncron.code.plan"

local M = {}

---2026-10-05T08:00:00Z, a Monday.
M.NOW_MS = 1791187200000

-- ---- made-up jobs ----

local below, pick

---Begin anew: the same seed, the same jobs.
function M.seed(n)
  below, pick = chance.new(n)
  M.below, M.pick = below, pick
end

M.seed(0)

local function maybe(value)
  return below(2) == 0 and value or nil
end

local HEADERS = {
  { Accept = "text/plain" },
  { ["content-type"] = "application/json", ["X-Team"] = "a, b" },
  { ["Content-Type"] = "application/octet-stream" },
  { ["User-Agent"] = "mine/1", ["X-Google-Thing"] = "1", Host = "else.where" },
  { Authorization = "Bearer secret", ["x-one"] = "1" },
}

local function http_target()
  local target = {
    uri = pick { "https://example.com", "https://example.com/", "http://localhost:8080/a?b=c",
      "https://h.example/x y" },
    http_method = pick { "POST", "GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS" },
    headers = maybe(pick(HEADERS)),
  }
  if below(3) == 0 then
    target.http_method = nil
  end
  if not target.http_method or target.http_method == "PUT" or target.http_method == "PATCH" then
    target.body = maybe(pick { "x", "\0\255\n", '{"a":1}', ("long "):rep(50) })
  end
  local token = below(3)
  if token == 1 then
    target.uri = pick { "https://pubsub.googleapis.com", "https://run.googleapis.com/v1/x" }
    target.oauth_token = { service_account_email = "a@b.c", scope = maybe(pick {
      "https://www.googleapis.com/auth/cloud-platform", "other",
    }) }
  elseif token == 2 then
    target.oidc_token = { service_account_email = "a@b.c", audience = maybe(pick { target.uri,
      "https://aud.example" }) }
  end
  return target
end

local function app_engine_target()
  local target = {
    http_method = maybe(pick { "POST", "GET", "PUT" }),
    relative_uri = maybe(pick { "/", "/tasks?x=1" }),
    headers = maybe(pick(HEADERS)),
    app_engine_routing = maybe(pick { { service = "s" }, { service = "s", version = "v", instance = "i" } }),
  }
  if target.http_method ~= "GET" then
    target.body = maybe("body")
  end
  return target
end

local function retry_config()
  return {
    retry_count = maybe(below(6)),
    max_retry_duration = maybe(pick { "0s", "60s" }),
    min_backoff_duration = maybe(pick { "0s", "5s", "1.500s" }),
    max_backoff_duration = maybe(pick { "0s", "3600s", "60s" }),
    max_doublings = maybe(pick { 0, 5, 3 }),
  }
end

---The fields of a job, all of them by turns, each valid.
function M.fields()
  local job = {
    description = maybe(pick { "says something", "ends with ]", "[mooncron:]" }),
    schedule = pick { "*/5 * * * *", "0 3 * * mon", "every 20 mins synchronized", "every 5 minutes",
      "1 2 3 4 *" },
    time_zone = maybe(pick { "UTC", "Europe/Berlin", "Asia/Kathmandu" }),
    retry_config = maybe(retry_config()),
    attempt_deadline = maybe(pick { "180s", "15s", "1800s", "20.500s" }),
    paused = ({ true, false })[below(3) + 1],
  }
  local kind = below(3)
  if kind == 0 then
    job.http_target = http_target()
  elseif kind == 1 then
    job.app_engine_http_target = app_engine_target()
  else
    job.pubsub_target = {
      topic_name = "projects/p/topics/" .. pick { "t", "u" },
      data = maybe(pick { "x", "\0\1" }),
      attributes = { a = pick { "1", "2" }, B = maybe("3") },
    }
  end
  return job
end

---@param count integer
---@return table[] with names j-1, j-2, ...
function M.jobs(count)
  local list = {}
  for i = 1, count do
    list[i] = M.fields()
    list[i].name = "j-" .. i
  end
  return list
end

-- ---- declarations ----

---Declare jobs that are at hand, without a file's text.
---@param jobs table[]
---@param set string?
function M.declare(jobs, set)
  local text = "jobs(" .. (#jobs > 0 and "json 'rows.json'" or "{}") .. ")"
  if set then
    text = ("set %q "):format(set) .. text
  end
  local rows = require "mooncron.code.rows"
  local read_json = rows.json
  rows.json = function()
    return jobs -- bytes that JSON has no place for
  end
  local declared, e = loader.load_text(text, { read = function() return "" end })
  rows.json = read_json
  if not declared then
    error(table.concat(e.lines or { e.message }, "\n"), 2)
  end
  return declared
end

---A local scheduler in memory.
function M.client()
  return assert(mooncron.connect { data = ":memory:", backend = "local", project = "p", location = "l" })
end

function M.plan(client, declared, options)
  local jobs = assert(live.read(client, declared.parents))
  options = options or {}
  return plan.make(declared, jobs, {
    now_ms = M.NOW_MS, parent = "projects/p/locations/l", prune = options.prune, adopt = options.adopt,
  })
end

---The live jobs without what differs from run to run.
function M.state(client, parents)
  local state = {}
  for _, job in ipairs(assert(live.read(client, parents or { "projects/p/locations/l" }))) do
    job.user_update_time, job.schedule_time = nil, nil
    state[job.name] = job
  end
  return state
end

-- ---- things that go wrong ----

---A client whose calls are counted; `fail(n, name)` may say what happens at one: "before" (the process
---dies, nothing was done), "after" (it was done, and the process dies), or an error to return, with
---`done` in it when the call took effect all the same.
---@param client table
---@param fail fun(n: integer, method: string): string|table|nil
function M.faulty(client, fail)
  local faulty = { calls = 0, backend = client.backend, project = client.project, location = client.location }
  return setmetatable(faulty, { __index = function(_, name)
    local method = client[name]
    if type(method) ~= "function" or not name:find("_job$") then
      return method and function(_, ...)
        return method(client, ...)
      end
    end
    return function(_, ...)
      faulty.calls = faulty.calls + 1
      local what = fail(faulty.calls, name)
      if what == "before" then
        error("killed", 0)
      elseif what == "after" then
        method(client, ...)
        error("killed", 0)
      elseif what then
        if what.done then
          method(client, ...)
        end
        return nil, err.new(what.code, what.message or "made up", { retryable = what.retryable,
          status = what.status })
      end
      return method(client, ...)
    end
  end })
end

return M
