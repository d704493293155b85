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

---@param seed integer
function M.generator(seed)
  -- xorshift: the same on every machine, and no part of the process's own randomness
  local state = seed * 2654435761 + 1 & 0xffffffff
  local function random(n)
    state = state ~ state << 13 & 0xffffffff
    state = state ~ state >> 17
    state = state ~ state << 5 & 0xffffffff
    return state % n + 1
  end
  local function pick(list)
    return list[random(#list)]
  end
  local function maybe(make, ...)
    return random(2) == 1 and make(...) or nil
  end
  local function text()
    local out = pick(TEXTS) .. (random(3) == 1 and pick(TEXTS) or "")
    return out ~= "" and out or nil
  end
  local function body()
    local out = random(3) == 1 and pick(BODIES) or pick(TEXTS)
    out = random(40) == 1 and out:rep(20000) or out
    return out ~= "" and out or nil
  end
  local function map(values)
    local out = {}
    for i = 1, random(4) do
      out[pick { "X-One", "X-Two", "Content-Type", "Accept", "User-Agent", "end", "x!#$&'*+.^_`|~" } .. i] =
        values() or ""
    end
    if random(3) == 1 then
      out["Content-Type"] = pick { "application/json", "application/octet-stream" }
    end
    if random(20) == 1 then
      out["X-Huge"] = ("0123456789"):rep(7000)
    end
    return out
  end
  -- Headers are one line.
  local function line()
    return (text() or ""):gsub("[\r\n]", " ")
  end
  local function duration()
    return ("%ds"):format(random(1785) + 15)
  end
  local function token(extra)
    return { service_account_email = "runner@p-1.iam.gserviceaccount.com", [extra] = maybe(text) }
  end
  local targets <const> = {
    function(job)
      local kind, data = random(3), maybe(body)
      local host = kind == 1 and "https://run.googleapis.com/" or "https://example.com/"
      local target = {
        uri = host .. pick { "run", "a%20b?c=d&e=f", "ü", "x'y", "${p}", "$p" },
        http_method = maybe(pick, data and WITH_BODY or METHODS), headers = maybe(map, line), body = data,
      }
      target.oauth_token = kind == 1 and token "scope" or nil
      target.oidc_token = kind == 2 and token "audience" or nil
      job.http_target, job.attempt_deadline = target, maybe(duration)
    end,
    function(job)
      local data = maybe(body)
      local attributes = data and maybe(map, text) or not data and map(text) or nil
      job.pubsub_target = { topic_name = "projects/p-1/topics/t", data = data, attributes = attributes }
    end,
    function(job)
      local data = maybe(body)
      job.app_engine_http_target = {
        http_method = maybe(pick, data and WITH_BODY or METHODS),
        relative_uri = maybe(pick, { "/", "/cron?x='1'&y=${z}" }),
        headers = maybe(map, line), body = data,
        app_engine_routing = maybe(function()
          return { service = pick { "default", "s" }, version = maybe(pick, { "v1" }) }
        end),
      }
      job.attempt_deadline = maybe(duration)
    end,
  }
  local n = 0
  ---One more job, canonical, with a full name.
  return function()
    n = n + 1
    local id = pick { "nightly", "-dash", "UPPER_1", "9to5" } .. n
    local job = {
      name = "projects/p-1/locations/us-central1/jobs/" .. id,
      description = maybe(text), schedule = pick(SCHEDULES), time_zone = maybe(pick, ZONES),
      state = random(4) == 1 and "PAUSED" or nil,
      retry_config = maybe(function()
        return {
          retry_count = random(5), max_retry_duration = maybe(duration),
          min_backoff_duration = maybe(duration), max_backoff_duration = maybe(duration),
          max_doublings = maybe(random, 10),
        }
      end),
    }
    pick(targets)(job)
    return job
  end, random
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
