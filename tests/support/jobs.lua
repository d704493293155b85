---Valid jobs by chance, but the same ones for the same seed: every field, and texts that formats trip over.

local M = {}

local TEXTS <const> = {
  "plain", "two words", "it's", 'say "hi"', "back\\slash", "${var} and %{if}", "$${x}", "%%{y}",
  "$HOME `id` $(id)", "a,b;c|d~e::f", "line\nbreak", "\ttab", "ends with newline\n", "two\nlines\n",
  "]] ]=] ]",
  "émü 日本 🚀", "é",
  "100%",
  "^caret^", "=", "#not a comment", "--flag", "-d", "EOT\nEOT\n", "null", "true", "~", "12e4", "0x1f", "",
  "a: b", "- item", "'", "''", "\\n", "{}", "{\"a\":1}", "{\"a\":[1,2,{\"b\":null}],\"c\":\"d\"}", "\127",
}
local BODIES <const> = {
  "\0", "\0\255\254", "a\0b", "\r\n", "x\r\ny\r\n", "\27[0m", ("\128"):rep(5), "\xed\xa0\x80", "\1\0001",
}
local WITH_BODY <const> = { "POST", "PUT" }
local METHODS <const> = { "POST", "GET", "PUT", "DELETE", "HEAD" }
local ZONES <const> = { "Europe/Berlin", "America/New_York", "UTC", "Asia/Kathmandu" }
local SCHEDULES <const> = { "0 2 * * *", "*/5 * * * *", "0 0 */2 * MON", "every 5 minutes",
  "1st,3rd mon of jan,feb 09:00" }

---Chance that is the same on every machine, and no part of the process's own.
---@param seed integer
---@return fun(n: integer): integer from 1 to n
local function xorshift(seed)
  local state = seed * 2654435761 + 1 & 0xffffffff
  return function(n)
    state = state ~ state << 13 & 0xffffffff
    state = state ~ state >> 17
    state = state ~ state << 5 & 0xffffffff
    return state % n + 1
  end
end

-- Makers of values; each returns nil for the empty one, as canonical jobs have it.
local Chance = {}
Chance.__index = Chance

function Chance:pick(list)
  return list[self.random(#list)]
end

function Chance:maybe(make, ...)
  return self.random(2) == 1 and make(self, ...) or nil
end

function Chance:text()
  local out = self:pick(TEXTS) .. (self.random(3) == 1 and self:pick(TEXTS) or "")
  return out ~= "" and out or nil
end

-- Headers are one line.
function Chance:line()
  return (self:text() or ""):gsub("[\r\n]", " ")
end

function Chance:body()
  local out = self.random(3) == 1 and self:pick(BODIES) or self:pick(TEXTS)
  out = self.random(40) == 1 and out:rep(20000) or out
  return out ~= "" and out or nil
end

local NAMES <const> = { "X-One", "X-Two", "Content-Type", "Accept", "User-Agent", "end", "x!#$&'*+.^_`|~" }

function Chance:map(make)
  local out = {}
  for i = 1, self.random(4) do
    out[self:pick(NAMES) .. i] = make(self) or ""
  end
  if self.random(3) == 1 then
    out["Content-Type"] = self:pick { "application/json", "application/octet-stream" }
  end
  if self.random(20) == 1 then
    out["X-Huge"] = ("0123456789"):rep(7000)
  end
  return out
end

function Chance:duration()
  return ("%ds"):format(self.random(1785) + 15)
end

function Chance:token(extra)
  return {
    service_account_email = "runner@p-1.iam.gserviceaccount.com",
    [extra] = self:maybe(self.text),
  }
end

function Chance:routing()
  return { service = self:pick { "default", "s" }, version = self:maybe(self.pick, { "v1" }) }
end

function Chance:retry_config()
  return {
    retry_count = self.random(5),
    max_retry_duration = self:maybe(self.duration),
    min_backoff_duration = self:maybe(self.duration),
    max_backoff_duration = self:maybe(self.duration),
    max_doublings = self.random(2) == 1 and self.random(10) or nil,
  }
end

local PATHS <const> = { "run", "a%20b?c=d&e=f", "ü", "x'y", "${p}", "$p" }

local TARGETS <const> = {
  function(self, job)
    local kind, body = self.random(3), self:maybe(self.body)
    job.http_target = {
      uri = (kind == 1 and "https://run.googleapis.com/" or "https://example.com/") .. self:pick(PATHS),
      http_method = self:maybe(self.pick, body and WITH_BODY or METHODS),
      headers = self:maybe(self.map, self.line),
      body = body,
      oauth_token = kind == 1 and self:token "scope" or nil,
      oidc_token = kind == 2 and self:token "audience" or nil,
    }
    job.attempt_deadline = self:maybe(self.duration)
  end,
  function(self, job)
    local data = self:maybe(self.body)
    local attributes = data and self:maybe(self.map, self.text) or not data and self:map(self.text) or nil
    job.pubsub_target = { topic_name = "projects/p-1/topics/t", data = data, attributes = attributes }
  end,
  function(self, job)
    local body = self:maybe(self.body)
    job.app_engine_http_target = {
      http_method = self:maybe(self.pick, body and WITH_BODY or METHODS),
      relative_uri = self:maybe(self.pick, { "/", "/cron?x='1'&y=${z}" }),
      headers = self:maybe(self.map, self.line),
      body = body,
      app_engine_routing = self:maybe(self.routing),
    }
    job.attempt_deadline = self:maybe(self.duration)
  end,
}

---A function that makes one more job each time, canonical, with a full name; and its chance.
---@param seed integer
---@return fun(): table
---@return fun(n: integer): integer
function M.generator(seed)
  local self, n = setmetatable({ random = xorshift(seed) }, Chance), 0
  return function()
    n = n + 1
    local id = self:pick { "nightly", "-dash", "UPPER_1", "9to5" } .. n
    local job = {
      name = "projects/p-1/locations/us-central1/jobs/" .. id,
      description = self:maybe(self.text),
      schedule = self:pick(SCHEDULES),
      time_zone = self:maybe(self.pick, ZONES),
      state = self.random(4) == 1 and "PAUSED" or nil,
      retry_config = self:maybe(self.retry_config),
    }
    self:pick(TARGETS)(self, job)
    return job
  end, self.random
end

---@param seed integer
---@param count integer
---@return table[]
function M.list(seed, count)
  local make, list = M.generator(seed), {}
  for i = 1, count do
    list[i] = make()
  end
  return list
end

return M
