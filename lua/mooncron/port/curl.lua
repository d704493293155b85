---An HTTP call in the words of curl or wget: what a Cloud Scheduler job can do of it.

local base64 <const> = require "mooncron.api.base64"
local rules <const> = require "mooncron.api.rules"

local M = {}

---@class mooncron.port.Call
---@field http_target table
---@field attempt_deadline string?
---@field retry_config table?
---@field remarks string[] what the job will not do as the command did

local FORM <const> = "application/x-www-form-urlencoded"

-- Handlers of options: (state, value) -> why it cannot be carried over, or nil.

local function nothing() end

local function remark(text)
  return function(state)
    state.remarks[#state.remarks + 1] = text
  end
end

local function refuse(why)
  return function()
    return why
  end
end

local function method(state, value)
  state.method = value:upper()
end

local function fixed(name)
  return function(state)
    state.method = state.method or name
  end
end

local function url(state, value)
  state.urls[#state.urls + 1] = value
end

local function header(state, value)
  local name, text = value:match("^([^:;]+):%s*(.*)$")
  if not name then
    state.remarks[#state.remarks + 1] = ("header '%s' has no value and is left out"):format(value)
  elseif text ~= "" then
    state.headers[name] = text
  end
end

local function data(state, value)
  if value:sub(1, 1) == "@" then
    return ("its body is the file '%s'"):format(value:sub(2))
  end
  state.data[#state.data + 1] = value
end

local function raw_data(state, value)
  state.data[#state.data + 1] = value
end

local function json_data(state, value)
  state.json = true
  return data(state, value)
end

local function user(state, value)
  state.headers.Authorization = "Basic " .. base64.encode(value)
  state.remarks[#state.remarks + 1] = "the password of its -u option stands in a header of the job"
end

local function timeout(state, value)
  state.timeout = tonumber(value)
  return not state.timeout and ("'%s' is not a number of seconds"):format(value) or nil
end

local function number(key, offset)
  return function(state, value)
    local n = math.tointeger(tonumber(value))
    if not n then
      return ("'%s' is not a whole number"):format(value)
    end
    state[key] = n + (offset or 0)
  end
end

local AGENT <const> = remark("its User-Agent is replaced by Google-Cloud-Scheduler")
local INSECURE <const> = remark("Cloud Scheduler checks certificates, the command did not")
local FILE_BODY <const> = refuse("it uploads a file or a form")

-- name -> { handler, takes a value? }
local CURL <const> = {
  ["-X"] = { method, true }, ["--request"] = { method, true },
  ["-H"] = { header, true }, ["--header"] = { header, true },
  ["-d"] = { data, true }, ["--data"] = { data, true }, ["--data-ascii"] = { data, true },
  ["--data-binary"] = { data, true }, ["--data-raw"] = { raw_data, true },
  ["--json"] = { json_data, true }, ["--url"] = { url, true },
  ["--data-urlencode"] = { refuse("--data-urlencode is not read, write --data"), true },
  ["-G"] = { refuse("-G is not read, write the query into the URL") },
  ["--get"] = { refuse("--get is not read, write the query into the URL") },
  ["-F"] = { FILE_BODY, true }, ["--form"] = { FILE_BODY, true },
  ["-T"] = { FILE_BODY, true }, ["--upload-file"] = { FILE_BODY, true },
  ["-K"] = { refuse("it reads a configuration file"), true },
  ["--config"] = { refuse("it reads a configuration file"), true },
  ["-I"] = { fixed "HEAD" }, ["--head"] = { fixed "HEAD" },
  ["-u"] = { user, true }, ["--user"] = { user, true },
  ["-A"] = { AGENT, true }, ["--user-agent"] = { AGENT, true },
  ["-e"] = { function(state, value) state.headers.Referer = value end, true },
  ["-b"] = { function(state, value) state.headers.Cookie = value end, true },
  ["-k"] = { INSECURE }, ["--insecure"] = { INSECURE },
  ["-m"] = { timeout, true }, ["--max-time"] = { timeout, true },
  ["--retry"] = { number "retries", true }, ["--retry-delay"] = { number "delay", true },
  ["--retry-max-time"] = { number "retry_time", true },
  ["-x"] = { remark "its proxy is not used", true }, ["--proxy"] = { remark "its proxy is not used", true },
  ["--cacert"] = { remark "its own CA is not known to Cloud Scheduler", true },
  ["-E"] = { refuse("it shows a client certificate"), true },
  ["--cert"] = { refuse("it shows a client certificate"), true },
  ["-o"] = { nothing, true }, ["--output"] = { nothing, true }, ["-w"] = { nothing, true },
  ["--write-out"] = { nothing, true }, ["--connect-timeout"] = { nothing, true }, ["-D"] = { nothing, true },
  ["--dump-header"] = { nothing, true }, ["--stderr"] = { nothing, true },
}
for flag in ([[-s -S -f -L -i -v -O -# -g -N -4 -6 -n -0 --silent --show-error --fail --fail-with-body
  --location --include --verbose --remote-name --progress-bar --globoff --no-buffer --ipv4
  --ipv6 --compressed --http1.1 --http2 --no-progress-meter --retry-connrefused --retry-all-
  errors --tlsv1.2 --tlsv1.3]]):gmatch("%S+") do
  CURL[flag] = { nothing }
end

local WGET <const> = {
  ["--method"] = { method, true }, ["--header"] = { header, true },
  ["--post-data"] = { raw_data, true }, ["--body-data"] = { raw_data, true },
  ["--post-file"] = { FILE_BODY, true }, ["--body-file"] = { FILE_BODY, true },
  ["-i"] = { refuse("it reads its URLs from a file"), true },
  ["--spider"] = { fixed "HEAD" },
  ["-U"] = { AGENT, true }, ["--user-agent"] = { AGENT, true },
  ["--no-check-certificate"] = { INSECURE },
  ["-T"] = { timeout, true }, ["--timeout"] = { timeout, true },
  ["-t"] = { number("retries", -1), true }, ["--tries"] = { number("retries", -1), true },
  ["--waitretry"] = { number "delay", true },
  ["-O"] = { nothing, true }, ["--output-document"] = { nothing, true }, ["-o"] = { nothing, true },
  ["-a"] = { nothing, true }, ["--output-file"] = { nothing, true }, ["-P"] = { nothing, true },
}
for flag in ([[-q -nv -v -d -S -c -N -4 -6 -b --quiet --no-verbose --verbose --delete-after --no-cache
  --content-on-error --server-response]]):gmatch("%S+") do
  WGET[flag] = { nothing }
end

local TOOLS <const> = { curl = CURL, wget = WGET }

-- ---- words ----

-- `-sSXPOST`: flags, and the value of the last one in the rest of the word or in the next.
local function short_options(options, word)
  local found, at = {}, 2
  if options[word.text] then
    return { { word.text } }
  end
  while at <= #word.text do
    local flag = "-" .. word.text:sub(at, at)
    local option = options[flag]
    if not option then
      return nil, flag
    end
    local rest = word.text:sub(at + 1)
    if option[2] then
      found[#found + 1] = { flag, rest ~= "" and { text = rest, expands = word.expands } or nil }
      break
    end
    found[#found + 1] = { flag }
    at = at + 1
  end
  return found
end

local function long_option(word)
  local flag, value = word.text:match("^(%-%-[%w.-]+)=(.*)$")
  return { { flag or word.text, flag and { text = value, expands = word.expands } or nil } }
end

-- A header that needs a shell is left out, the call is made without; all else that does ends it.
local function apply(state, option, flag, value)
  if value and value.expands then
    if option[1] == header then
      local name = value.text:match("^[^:]*")
      local hint = name:lower() == "authorization" and ", set oidc_token or oauth_token instead" or ""
      state.remarks[#state.remarks + 1] =
        ("header '%s' is left out: only a shell knows '%s'%s"):format(name, value.expands, hint)
      return nil
    elseif option[1] ~= nothing then
      return ("only a shell knows the '%s' in it"):format(value.expands)
    end
  end
  local why = option[1](state, value and value.text)
  return why and (why:find("^it") and why or flag .. ": " .. why) or nil
end

local function read_options(options, words, state)
  local i = 2
  while words[i] do
    local word = words[i]
    local found, unknown
    if word.text:find("^%-%-.") then
      found = long_option(word)
    elseif word.text:find("^%-.") then
      found, unknown = short_options(options, word)
    else
      found = { { "--url", word } }
    end
    for _, pair in ipairs(found or {}) do
      local option = pair[1] == "--url" and { url, true } or options[pair[1]]
      if not option then
        unknown = pair[1]
        break
      end
      local value = pair[2]
      if option[2] and not value then
        i = i + 1
        value = words[i]
        if not value then
          return ("%s has no value"):format(pair[1])
        end
      end
      local why = apply(state, option, pair[1], value)
      if why then
        return why
      end
    end
    if unknown then
      return ("its option '%s' is not known here"):format(unknown)
    end
    i = i + 1
  end
end

-- ---- the job ----

local function clamp(value, low, high)
  return math.max(low, math.min(high, value))
end

local function has_header(headers, lower)
  for name in pairs(headers) do
    if name:lower() == lower then
      return true
    end
  end
end

local function set_body(target, state)
  if #state.data == 0 then
    return
  end
  target.body = table.concat(state.data, "&")
  target.body = target.body ~= "" and target.body or nil
  if not has_header(state.headers, "content-type") then
    state.headers["Content-Type"] = state.json and "application/json" or FORM
  end
end

local function set_times(call, state)
  local timeout_s = state.timeout and math.ceil(state.timeout)
  if timeout_s and timeout_s > 0 then
    local allowed = clamp(timeout_s, 15, 1800)
    call.attempt_deadline = ("%ds"):format(allowed)
    if allowed ~= timeout_s then
      call.remarks[#call.remarks + 1] =
        ("its time-out of %ds becomes %ds: 15s to 1800s are possible"):format(timeout_s, allowed)
    end
  end
  local count = state.retries
  if not count or count == 0 then
    return
  end
  count = count < 0 and rules.max_retry_count or math.min(count, rules.max_retry_count)
  if count ~= state.retries then
    call.remarks[#call.remarks + 1] = ("%d retries at most are possible"):format(rules.max_retry_count)
  end
  call.retry_config = {
    retry_count = count,
    min_backoff_duration = (state.delay or 0) > 0 and ("%ds"):format(state.delay) or nil,
    max_retry_duration = (state.retry_time or 0) > 0 and ("%ds"):format(state.retry_time) or nil,
  }
end

-- Hosts that only the machine or the cluster resolves.
local function is_private(host)
  host = host:lower()
  return not host:find(".", 1, true) and not host:find(":", 1, true) or host:find("^127%.") or host == "[::1]"
    or host:find("%.local$") or host:find("%.internal$") or host:find("%.svc$")
end

local function check_url(state)
  if #state.urls ~= 1 then
    return nil, #state.urls == 0 and "it names no URL" or "it names more than one URL"
  end
  local uri = state.urls[1]
  if not uri:find("^%a[%w+.-]*://") then
    uri = "http://" .. uri
  end
  local host = rules.host_of(uri)
  if not host then
    return nil, ("'%s' is not an http or https URL"):format(uri)
  elseif uri:find("[{}]") or uri:find("%[[^%]:]*%-") then
    return nil, "its URL is a pattern of several"
  end
  if is_private(host) then
    state.remarks[#state.remarks + 1] =
      ("'%s' is no public name: Cloud Scheduler must be able to reach it"):format(host)
  end
  return uri
end

---Whether these words call a tool that is read here.
---@param words mooncron.port.Word[]
---@return boolean
function M.is_call(words)
  return words[1] ~= nil and TOOLS[words[1].text:match("[^/]*$")] ~= nil
end

---@param words mooncron.port.Word[] the tool first
---@return mooncron.port.Call? call
---@return string? why one line
function M.read(words)
  local options = TOOLS[words[1].text:match("[^/]*$")]
  local state = { urls = {}, headers = {}, data = {}, remarks = {} }
  local why = read_options(options, words, state)
  if why then
    return nil, why
  end
  local uri
  uri, why = check_url(state)
  if not uri then
    return nil, why
  end
  local verb = state.method or #state.data > 0 and "POST" or "GET"
  local target = { uri = uri, http_method = verb }
  set_body(target, state)
  if state.json and not has_header(state.headers, "accept") then
    state.headers.Accept = "application/json"
  end
  target.headers = next(state.headers) and state.headers or nil
  local call = { http_target = target, remarks = state.remarks }
  set_times(call, state)
  return call
end

return M
