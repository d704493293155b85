---`gcloud scheduler jobs create http|pubsub|app-engine` and `pause`, as scripts have them and as
---`mooncron export --format gcloud` writes them.

local model <const> = require "mooncron.port.model"
local names <const> = require "mooncron.api.name"
local notes_api <const> = require "mooncron.port.notes"
local shell <const> = require "mooncron.port.shell"
local base64 <const> = require "mooncron.api.base64"
local duration <const> = require "mooncron.duration"
local err <const> = require "mooncron.err"

local TARGETS <const> = {
  http = "http_target", pubsub = "pubsub_target", ["app-engine"] = "app_engine_http_target",
}

local function split_plain(text, delimiter)
  local items, at = {}, 1
  text = text:sub(-#delimiter) == delimiter and text or text .. delimiter
  while at <= #text do
    local first, last = text:find(delimiter, at, true)
    items[#items + 1] = text:sub(at, first - 1)
    at = last + 1
  end
  return items
end

-- `K=V,K=V`, or `^DELIMITER^K=V...`, see `gcloud topic escaping`.
local function read_map(text)
  local delimiter, rest = text:match("^%^([^^]+)%^(.*)$")
  local map = {}
  for _, item in ipairs(split_plain(rest or text, delimiter or ",")) do
    local key, value = item:match("^([^=]+)=(.*)$")
    if not key then
      return nil, ("'%s' is not KEY=VALUE"):format(item)
    end
    map[key] = value
  end
  return map
end

local function seconds(text)
  local n = duration.parse(text:find("^%d+$") and text .. "s" or text)
  return n and duration.format(n), ("'%s' is not a duration"):format(text)
end

local function as_is(text)
  return text
end

local function count(text)
  return math.tointeger(tonumber(text)), ("'%s' is not a whole number"):format(text)
end

-- flag -> { path of the API's JSON, reader }; `T` stands for the target.
local FLAGS <const> = {
  ["--schedule"] = { "schedule", as_is },
  ["--time-zone"] = { "time_zone", as_is },
  ["--description"] = { "description", as_is },
  ["--attempt-deadline"] = { "attempt_deadline", seconds },
  ["--max-retry-attempts"] = { "retry_config.retry_count", count },
  ["--max-retry-duration"] = { "retry_config.max_retry_duration", seconds },
  ["--min-backoff"] = { "retry_config.min_backoff_duration", seconds },
  ["--max-backoff"] = { "retry_config.max_backoff_duration", seconds },
  ["--max-doublings"] = { "retry_config.max_doublings", count },
  ["--uri"] = { "T.uri", as_is },
  ["--relative-url"] = { "T.relative_uri", as_is },
  ["--http-method"] = { "T.http_method", string.upper },
  ["--headers"] = { "T.headers", read_map },
  ["--attributes"] = { "T.attributes", read_map },
  ["--service"] = { "T.app_engine_routing.service", as_is },
  ["--version"] = { "T.app_engine_routing.version", as_is },
  ["--oidc-service-account-email"] = { "T.oidc_token.service_account_email", as_is },
  ["--oidc-token-audience"] = { "T.oidc_token.audience", as_is },
  ["--oauth-service-account-email"] = { "T.oauth_token.service_account_email", as_is },
  ["--oauth-token-scope"] = { "T.oauth_token.scope", as_is },
}

local OTHER <const> = { ["--location"] = "location", ["--project"] = "project", ["--topic"] = "topic",
  ["--message-body"] = "body", ["--message-body-from-file"] = "body_file" }
-- Said of how gcloud runs, not of the job.
local SWITCHES <const> = { ["--quiet"] = true, ["-q"] = true }
local IGNORED <const> = { ["--format"] = true, ["--verbosity"] = true, ["--account"] = true,
  ["--impersonate-service-account"] = true, ["--configuration"] = true, ["--billing-project"] = true }

local function set(job, path, value)
  local node, keys = job, {}
  for key in path:gmatch("[^.]+") do
    keys[#keys + 1] = key
  end
  for i = 1, #keys - 1 do
    node[keys[i]] = node[keys[i]] or {}
    node = node[keys[i]]
  end
  node[keys[#keys]] = value
end

-- The flags of a command: what goes into the job, what is for us, and the words that are no flags.
local function read_flags(words, first, target)
  local job, other, plain, i = {}, {}, {}, first
  while words[i] do
    local word = words[i]
    local flag, value = word.text:match("^(%-%-[%w-]+)=(.*)$")
    flag = flag or word.text
    if word.text:sub(1, 1) ~= "-" then
      plain[#plain + 1] = word.text
    elseif not SWITCHES[flag] then
      if not value then
        i = i + 1
        value = words[i] and words[i].text
        word = words[i] or word
      end
      if not value then
        return nil, ("%s has no value"):format(flag)
      elseif word.expands and not IGNORED[flag] then
        return nil, ("only a shell knows the '%s' in %s"):format(word.expands, flag)
      elseif FLAGS[flag] then
        local path, read = table.unpack(FLAGS[flag])
        local item, why = read(value)
        if item == nil then
          return nil, ("%s: %s"):format(flag, why)
        end
        set(job, path:gsub("^T", target), item)
      elseif OTHER[flag] then
        other[OTHER[flag]] = value
      elseif not IGNORED[flag] then
        return nil, ("the flag '%s' is not known here"):format(flag)
      end
    end
    i = i + 1
  end
  return job, other, plain
end

local function full_name(plain, other, options)
  return plain and model.name(plain, {
    project = other.project or options.project,
    location = other.location or options.location,
  })
end

-- The body: said on the line, or printed into it by the command before.
local function body_of(other, before)
  if not other.body_file then
    return other.body
  elseif other.body_file ~= "/dev/stdin" or not before then
    return nil, ("its body is the file '%s'"):format(other.body_file)
  end
  local words = before.words
  local bytes = #words == 2 and words[1].text == "printf" and not words[2].expands
    and shell.unprintf(words[2].text)
  return bytes or nil, not bytes and "its body comes from a pipe that is not read" or nil
end

local function create(reading, command, before)
  local at = { line = command.line }
  local target = TARGETS[command.words[5].text]
  local job, other, plain = read_flags(command.words, 6, target)
  if not job then
    return reading:leave_out(at, "%s", other)
  elseif not plain[1] then
    return reading:leave_out(at, "the command names no job")
  end
  at.job = names.id(plain[1])
  local body, why = body_of(other, before)
  if why then
    return reading:leave_out(at, "%s", why)
  end
  job.name = full_name(plain[1], other, reading.options)
  job[target] = job[target] or {}
  job[target][target == "pubsub_target" and "data" or "body"] = body and base64.encode(body)
  if other.topic then
    local project = other.project or reading.options.project or job.name:match("^projects/([^/]+)/")
    if not other.topic:find("^projects/") and not project then
      return reading:leave_out(at, "the project of topic '%s' is not known, give --project", other.topic)
    end
    job[target].topic_name = other.topic:find("^projects/") and other.topic
      or ("projects/%s/topics/%s"):format(project, other.topic)
  end
  reading:add_json(job, command.line)
end

local function pause(reading, command)
  local _, other, plain = read_flags(command.words, 5, "")
  local name = plain and full_name(plain[1], other, reading.options)
  for _, job in ipairs(reading.jobs) do
    if job.name == name then
      job.state = "PAUSED"
      return
    end
  end
  reading.notes:add({ line = command.line }, "there is no job to pause before it")
end

-- The first words of a command, as one text.
local function head(command)
  local parts = {}
  for i = 1, math.min(4, #command.words) do
    parts[i] = command.words[i].text
  end
  return table.concat(parts, " ")
end

---@param text string
---@param options mooncron.port.Options
---@return mooncron.Job[]? jobs
---@return mooncron.port.Note[]|mooncron.Err notes
return function(text, options)
  local commands, why = shell.parse(text, { line_of = notes_api.line_counter(text) })
  if not commands then
    return nil, err.new("INVALID_ARGUMENT", "the script cannot be read: " .. why)
  end
  local reading = model.reading(options)
  for i, command in ipairs(commands) do
    local what = head(command)
    local before = commands[i - 1] and commands[i - 1].op == "|" and commands[i - 1] or nil
    if what == "gcloud scheduler jobs create" and command.words[5] and TARGETS[command.words[5].text] then
      create(reading, command, before)
    elseif what == "gcloud scheduler jobs pause" then
      pause(reading, command)
    elseif not what:find("^set ") and not what:find("^[%a_][%w_]*=%S*$") and command.op ~= "|" then
      reading.notes:add({ line = command.line }, "passed over: '%s'", what)
    end
  end
  return reading:result()
end
