---The rules and limits of a job, all of the reference's. A rule is a function (job, report, ctx);
---each reports every problem that it sees. Sentences of the service are quoted where somebody
---recorded them [rec] or a third party witnessed them [3P]; every other text is [ours].
---Most jobs have no fault: each rule finds that out the cheap way first, and makes nothing for it.

local duration <const> = require "mooncron.duration"
local fields <const> = require "mooncron.api.fields"
local names <const> = require "mooncron.api.name"
local native <const> = require "mooncron.native"
local problem <const> = require "mooncron.problem"

local M = {}

M.max_description = 500 -- characters [ref]
M.max_uri = 2083 -- characters after encoding [ref]
M.max_headers = 80 * 1024 -- bytes, all names and values together stay below it [ref]
M.max_attributes = 100 -- [gcloud's help]
M.max_job = 1024 * 1024 -- bytes [ref]
M.max_retry_count = 5 -- [ref]

local plain <const>, size_of <const> = native.plain, native.data.size_of
local SECOND <const> = duration.second
local SCHEDULE_SENTENCE <const> = "The provided schedule or timezone are invalid." -- [rec]
local RETRY_COUNT_SENTENCE <const> = -- [rec]; 5 is accepted whatever it says
  "invalid retry count. The retry_count must be a positive integer less than 5: invalid argument"

local function check_name(job, report, ctx)
  local name = job.name
  if not name then
    return ctx.need_name and report(
      "name", nil, "is missing", "write projects/P/locations/L/jobs/J"
    )
  elseif plain.parent_length(name, ctx.parent) then
    return
  end
  local parsed, why = names.parse(name)
  if not parsed then
    report("name", name, why, nil, names.format_sentence)
  elseif ctx.parent and names.parent(name) ~= ctx.parent then
    report("name", name, ("is not under '%s'"):format(ctx.parent), "let the name begin with it")
  end
end

local function check_description(job, report)
  local text = job.description
  local length = text and #text > M.max_description and utf8.len(text)
  if length and length > M.max_description then
    report(
      "description",
      nil,
      ("has %d characters, at most %d are allowed"):format(length, M.max_description)
    )
  end
end

local function check_one_target(job, report, ctx)
  local found
  local targets = fields.targets
  for i = 1, #targets do
    local target = targets[i]
    if job[target] and found then
      report(target, nil, ("cannot be set together with '%s'"):format(found), "keep one of them")
    end
    found = found or job[target] and target
  end
  if not found and not ctx.partial then
    report("", nil, "the job has no target", "set one of " .. table.concat(fields.targets, ", "))
  end
end

local function check_schedule(job, report, ctx)
  local schedule, zone = job.schedule, job.time_zone or "UTC"
  if not schedule then
    if not ctx.partial then
      local fix = "write five cron fields, or 'every 5 minutes'"
      report("schedule", nil, "is missing", fix, SCHEDULE_SENTENCE)
    end
  elseif ctx.check_schedule then
    local ok, e = ctx.check_schedule(schedule, zone)
    if not ok and e.path == "time_zone" then
      report("time_zone", zone, e.message, nil, SCHEDULE_SENTENCE)
    elseif not ok then
      report("schedule", schedule, e.message, nil, SCHEDULE_SENTENCE)
    end
  end
end

local function encoded_length(uri)
  local _, raw = uri:gsub("[^%w%-._~:/?#%[%]@!$&'()*+,;=%%]", "")
  return #uri + 2 * raw
end

local function check_uri_length(path, uri, report)
  local length = 3 * #uri > M.max_uri and encoded_length(uri) or 0
  if length > M.max_uri then
    report(
      path,
      nil,
      ("has %d characters after encoding, at most %d are allowed"):format(length, M.max_uri)
    )
  end
end

---The host of an http(s) URI, or nil when it is none.
---@param uri string
---@return string?
function M.host_of(uri)
  local host = uri:match("^[Hh][Tt][Tt][Pp][Ss]?://([^/?#]+)")
  host = host and host:match("[^@]+$")
  return host and (host:match("^(%[[%x:.]+%]):?%d*$") or host:match("^([^:%[%]%s]+):?%d*$"))
end

local function check_headers(path, headers, report)
  if plain.are_headers(headers, M.max_headers) then
    return
  end
  local keys, total, seen = {}, 0, {}
  for key, value in next, headers do
    keys[#keys + 1] = key
    total = total + #key + #value
  end
  if total >= M.max_headers then
    local text = "are %d bytes in all, they must stay below %d"
    return report(path, nil, text:format(total, M.max_headers))
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local lower = key:lower()
    if not key:find("^[%w!#$%%&'*+.^_`|~-]+$") then
      report(path, key, "is not a header name", "use letters, digits and '-'")
    elseif seen[lower] then
      local text = ("is the same header as '%s'"):format(seen[lower])
      report(path, key, text, "join the values with a comma")
    elseif headers[key]:find("[\r\n\0]") then
      report(path, nil, ("the value of '%s' has a line break or a NUL in it"):format(key))
    end
    seen[lower] = key
  end
end

local function check_token(path, token, report)
  local email = token.service_account_email
  if not email then
    report(
      path .. ".service_account_email", nil, "is missing", "write the account's e-mail address"
    )
  elseif not plain.is_mailbox(email) then
    report(path .. ".service_account_email", email, "is not an e-mail address")
  end
end

local function check_tokens(target, report)
  local oauth, oidc = target.oauth_token, target.oidc_token
  if oauth and oidc then
    report(
      "http_target.oidc_token", nil, "cannot be set together with 'oauth_token'", "keep one of them"
    )
  end
  if oauth then
    check_token("http_target.oauth_token", oauth, report)
    local host = target.uri and M.host_of(target.uri)
    if host and not ("." .. host:lower()):find("%.googleapis%.com$") then
      report(
        "http_target.oauth_token",
        nil,
        ("is for Google APIs on *.googleapis.com, not for '%s'"):format(host),
        "use oidc_token",
        "Invalid url for HttpRequest.oauth_token" -- [3P]
      )
    end
  end
  if oidc then
    check_token("http_target.oidc_token", oidc, report)
  end
end

local BODY_OF_HTTP <const> = { POST = true, PUT = true, PATCH = true } -- [ref]
local BODY_OF_APP_ENGINE <const> = { POST = true, PUT = true } -- [ref]

local function check_body(path, target, allowed, report)
  local method = target.http_method or "POST"
  if target.body and not allowed[method] then
    local methods = allowed.PATCH and "POST, PUT or PATCH" or "POST or PUT"
    report(
      path .. ".body",
      nil,
      ("a %s request cannot have a body"):format(method),
      ("use %s"):format(methods)
    )
  end
end

local function check_http_target(job, report, ctx)
  local target = job.http_target
  if not target then
    return
  end
  local uri = target.uri
  if not uri then
    if not ctx.partial then
      report("http_target.uri", nil, "is missing", "write http://... or https://...")
    end
  elseif 3 * #uri <= M.max_uri and plain.is_uri(uri) then -- luacheck: ignore 542
  elseif not M.host_of(uri) then
    local fix = "write http://HOST/... or https://HOST/..."
    report("http_target.uri", uri, "is not an http or https URI", fix)
  elseif uri:find("[%c\127]") then
    report("http_target.uri", uri, "has a control character in it")
  else
    check_uri_length("http_target.uri", uri, report)
  end
  check_body("http_target", target, BODY_OF_HTTP, report)
  if target.headers then
    check_headers("http_target.headers", target.headers, report)
  end
  if target.oauth_token or target.oidc_token then
    check_tokens(target, report)
  end
end

local function check_app_engine_target(job, report)
  local target = job.app_engine_http_target
  if not target then
    return
  end
  local path, uri = "app_engine_http_target", target.relative_uri
  if target.http_method == "PATCH" or target.http_method == "OPTIONS" then
    local why, fix = "is not possible with App Engine", "use POST, GET, HEAD, PUT or DELETE"
    report(path .. ".http_method", target.http_method, why, fix)
  else
    check_body(path, target, BODY_OF_APP_ENGINE, report)
  end
  if uri and uri:sub(1, 1) ~= "/" then
    local fix = ("write '/%s'"):format(problem.cut(uri))
    report(path .. ".relative_uri", uri, "must begin with '/'", fix)
  elseif uri and uri:find("[%s%c]") then
    local why = "has a space or a control character in it"
    report(path .. ".relative_uri", uri, why, "write it percent-encoded")
  elseif uri then
    check_uri_length(path .. ".relative_uri", uri, report)
  end
  if target.headers then
    check_headers(path .. ".headers", target.headers, report)
  end
end

-- A project goes by its id or by its number; which number is whose is not ours to know.
local function may_be_same_project(a, b)
  return a == b or (a:find("^%d+$") == nil) ~= (b:find("^%d+$") == nil)
end

local function check_topic(job, report, ctx)
  local topic = job.pubsub_target.topic_name
  if not topic then
    if not ctx.partial then
      report("pubsub_target.topic_name", nil, "is missing", "write projects/P/topics/T")
    end
    return
  end
  local project = topic:match("^projects/([%w%-:.]+)/topics/[%w%-_.~+%%]+$")
  local own = (ctx.parent or job.name or ""):match("^projects/([^/]+)/")
  if not project then
    report("pubsub_target.topic_name", topic, "must look like projects/P/topics/T")
  elseif own and not may_be_same_project(project, own) then
    report("pubsub_target.topic_name", topic, ("must be in the job's project '%s'"):format(own))
  end
end

local function check_pubsub_target(job, report, ctx)
  local target = job.pubsub_target
  if not target then
    return
  end
  check_topic(job, report, ctx)
  local count = 0
  if target.attributes then
    for _ in next, target.attributes do
      count = count + 1
    end
  end
  if not target.data and count == 0 and not ctx.partial then
    report("pubsub_target", nil, "has neither data nor an attribute", "set data or attributes")
  elseif count > M.max_attributes then
    report(
      "pubsub_target.attributes",
      nil,
      ("are %d, at most %d are allowed"):format(count, M.max_attributes)
    )
  end
end

local RETRY_DURATIONS <const> =
  { "max_retry_duration", "min_backoff_duration", "max_backoff_duration" }

local function check_retry_config(job, report)
  local config = job.retry_config
  if not config then
    return
  end
  local count = config.retry_count
  if count and (count < 0 or count > M.max_retry_count) then
    report("retry_config.retry_count", count, "is not in 0-5", nil, RETRY_COUNT_SENTENCE)
  end
  for i = 1, #RETRY_DURATIONS do
    local name = RETRY_DURATIONS[i]
    local text = config[name]
    local n = text and not text:find("^%d+s$") and duration.parse_json(text)
    if n and n < 0 then
      report("retry_config." .. name, text, "must not be negative")
    elseif n and n % SECOND ~= 0 and name == "max_retry_duration" then
      -- [rec]
      local sentence = "retryConfig.max_retry_duration.nanos cannot be set: invalid argument"
      report("retry_config." .. name, text, "must be whole seconds", nil, sentence)
    end
  end
  if config.max_doublings and config.max_doublings < 0 then
    report("retry_config.max_doublings", config.max_doublings, "must not be negative")
  end
end

local function check_attempt_deadline(job, report)
  local text = job.attempt_deadline
  if not text or job.pubsub_target or text == "180s" then
    return -- ignored for Pub/Sub [ref]; what most have
  end
  local n = duration.parse_json(text)
  if not n then
    return
  elseif job.app_engine_http_target then
    if n ~= 0 and (n < 15 * SECOND or n > 86415 * SECOND) then
      report("attempt_deadline", text, "is not in 15s-86415s, and not 0s", nil,
        "attempt_deadline must be between 15s and 24h0m15s") -- by analogy with the next one
    end
  elseif n < 15 * SECOND or n > 1800 * SECOND then
    report("attempt_deadline", text, "is not in 15s-1800s", nil,
      "attempt_deadline must be between 15s and 30m0s") -- [3P]
  end
end

local function check_size(job, report)
  -- A few dozen bytes more than the service's encoding has [ours]: that counts no names but those of
  -- map members.
  local size = size_of(job)
  if size > M.max_job then
    report("", nil, ("the job is %d bytes large, at most %d are allowed"):format(size, M.max_job))
  end
end

local RULES <const> = {
  check_name,
  check_description,
  check_one_target,
  check_pubsub_target,
  check_app_engine_target,
  check_http_target,
  check_retry_config,
  check_schedule,
  check_attempt_deadline,
  check_size,
}

---@class mooncron.api.Context
---@field parent string? the location that the request names; the job's name must be under it
---@field need_name boolean? a job without a name is a problem
---@field partial boolean? a patch before it is applied: required fields may be missing
---@field check_schedule (fun(text: string, zone: string): true?, mooncron.Err?)?
---  an error whose `path` is `time_zone` is about the zone

local NO_CONTEXT <const> = {}

---Check every rule.
---@param job table canonical
---@param ctx mooncron.api.Context?
---@return true? ok
---@return mooncron.Problem[]? problems
function M.validate(job, ctx)
  ctx = ctx or NO_CONTEXT
  local problems
  local function report(path, value, message, fix, service)
    problems = problems or {}
    if #problems >= problem.max then
      return
    end
    problems[#problems + 1] =
      { path = path, value = value, message = message, fix = fix, service = service }
  end
  for i = 1, #RULES do
    RULES[i](job, report, ctx)
  end
  if problems then
    return nil, problems
  end
  return true
end

return M
