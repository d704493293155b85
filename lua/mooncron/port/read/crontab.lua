---Crontabs: a user's own (`crontab -l`), and with a column for the user (/etc/crontab, /etc/cron.d).
---A command line becomes the HTTP call that it makes with curl or wget, or what a rule makes of it; Cloud
---Scheduler runs no commands.

local call_api <const> = require "mooncron.port.call"
local dialect <const> = require "mooncron.port.dialect"
local model <const> = require "mooncron.port.model"

---@class mooncron.port.CrontabOptions : mooncron.port.Options
---@field system boolean? there is a column for the user; nil: by the file's name and head
---@field uri_template string? where a command that makes no call is sent: `{name}`, `{command}`, `{user}`
---@field map { glob: string, uri: string }[]? as uri_template, for the commands that fit; the first counts

local MAX_DESCRIPTION <const> = 500

local LOST <const> = {
  MAILTO = "MAILTO '%s' has no counterpart: nobody is mailed what a target answers",
  MAILFROM = "MAILFROM '%s' has no counterpart",
  TZ = "TZ '%s' is what commands see, not when they start: give --time-zone if it was meant so",
  RANDOM_DELAY = "RANDOM_DELAY %s has no counterpart: jobs start on the minute",
}

local function is_system(text, options)
  local file = options.file or ""
  return file:find("/cron%.d/") ~= nil or file:find("etc/crontab$") ~= nil
    or text:find("\n#[^\n]*%f[%w]dow%s+user%-?n?a?m?e?%s+command") ~= nil
end

-- `%` in a command ends it and begins its input; `\%` is a percent sign.
local function unescape(command)
  local stop = command:gsub("\\.", "  "):find("%", 1, true)
  local rest = stop and command:sub(stop + 1)
  command = stop and command:sub(1, stop - 1) or command
  return command:gsub("\\%%", "%%"), rest
end

local ENTRY <const> = "^(%S+%s+%S+%s+%S+%s+%S+%s+%S+)%s+(%S.*)$"

-- ("when", "rest of the line"), or nil.
local function split_entry(line)
  local when, rest = line:match("^(@%a[%w_]*)%s+(%S.*)$")
  if when then
    return when, rest
  end
  when, rest = line:match(ENTRY)
  if when and when:find("^[%d*][%d*,/~-]*%s") then
    return when, rest
  end
end

local function encode(text)
  return (text:gsub("[^%w%-._~]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

local function fill(template, values)
  return (template:gsub("{(%a+)}", function(key)
    return values[key] and encode(values[key])
  end))
end

-- `*` any text, `?` any character.
local function matches_glob(text, glob)
  local pattern = glob:gsub("[%^$().%[%]+%-%%]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
  return text:find("^" .. pattern .. "$") ~= nil
end

local function mapped(command, options)
  for _, rule in ipairs(options.map or {}) do
    if matches_glob(command, rule.glob) then
      return rule.uri
    end
  end
  return options.uri_template
end

-- What to call the job: the end of the URL's path, or the program.
local function id_of(command, call)
  if call then
    local path = call.http_target.uri:gsub("[?#].*$", ""):gsub("/+$", "")
    return model.slug(path:match("://[^/]+/.*%f[^/]([^/]+)$") or path:match("://([^/:]+)") or "job")
  end
  command = command:match("^cd%s+%S+%s*[;&]+%s*(%S.*)$") or command
  for word in command:gmatch("%S+") do
    if not word:find("^[%a_][%w_]*=") then
      return model.slug(word:match("([^/]*)/*$"):gsub("%.%w+$", ""))
    end
  end
  return "job"
end

-- The call that a rule makes of a command.
local function mapped_call(command, input, id, user, options)
  local template = mapped(command, options)
  local uri = template and fill(template, { command = command, name = id, user = user or "" })
  local remarks = { input and "its input after '%' is left out" }
  return uri and { http_target = { uri = uri, http_method = "POST" }, remarks = remarks }
end

local Crontab = {}
Crontab.__index = Crontab

function Crontab:schedule(when, at)
  if when == "@reboot" then
    return nil, "'@reboot': there is no machine that starts"
  end
  local schedule, why = dialect.from_cron(when)
  local check = self.reading.options.check_schedule
  if schedule and check then
    local ok, e = check(schedule, self.zone or "UTC")
    if not ok then
      return nil, e.path == "time_zone" and e.message or ("schedule '%s': %s"):format(when, e.message)
    end
  end
  if schedule and not self.zone then
    self.reading.notes:once({ line = at.line },
      "the crontab does not say its time zone: UTC is assumed, give --time-zone when its machine has another")
  end
  return schedule, why
end

-- The comment above an entry, or the command of which nothing else is left.
function Crontab:description(command, at)
  local text = #self.comment > 0 and table.concat(self.comment, " ") or command
  local length = text and utf8.len(text)
  if length and length > MAX_DESCRIPTION then
    self.reading.notes:add(at, "its description is cut at %d characters", MAX_DESCRIPTION)
    return text:sub(1, utf8.offset(text, MAX_DESCRIPTION + 1) - 1)
  end
  return length and text or nil
end

function Crontab:entry(when, rest, line)
  local user
  if self.system then
    user, rest = rest:match("^(%S+)%s+(.*)$")
  end
  local at = { line = line }
  if not rest then
    return self.reading:leave_out(at, "there is no command behind the user")
  end
  local command, input = unescape(rest)
  local schedule, why = self:schedule(when, at)
  if not schedule then
    return self.reading:leave_out(at, "%s", why)
  end
  local options = self.reading.options
  local call, id
  if input then
    why = "it has input after '%', which is not read"
  else
    call, why = call_api.from_shell(command, self.variables)
  end
  local is_call = call ~= nil
  id = id_of(command, call)
  call = call or mapped_call(command, input, id, user, options)
  if not call then
    return self.reading:leave_out(at, "'%s': %s; give --map or --uri-template to say where it is sent",
      #command > 60 and command:sub(1, 57) .. "..." or command, why)
  end
  at.job = self.unique(id)
  for _, remark in ipairs(call.remarks) do
    self.reading.notes:add(at, "%s", remark)
  end
  self.reading:add({
    name = model.name(at.job, options),
    description = self:description(not is_call and command or nil, at),
    schedule = schedule,
    time_zone = self.zone,
    http_target = call.http_target,
    attempt_deadline = call.attempt_deadline,
    retry_config = call.retry_config,
  }, line)
end

function Crontab:variable(name, value, line)
  value = value:match('^"(.*)"%s*$') or value:match("^'(.*)'%s*$") or value:match("^(.-)%s*$")
  if name == "CRON_TZ" then
    self.zone = value ~= "" and value or self.reading.options.time_zone
  elseif LOST[name] and value ~= "" then
    self.reading.notes:add({ line = line }, LOST[name], value)
  end
  self.variables[name] = value
end

-- A comment is the description of the entry below it, unless it is an entry that was taken out or a
-- heading of the columns.
function Crontab:comment_line(text, line)
  if split_entry(text) then
    return self.reading.notes:add({ line = line }, "an entry that is commented out is passed over")
  end
  local is_rule = not text:find("[%w\128-\255]") or text:find("^m%s+h%s") or text:find("^min%a*%s+hour")
  if text ~= "" and not is_rule then
    self.comment[#self.comment + 1] = text
  end
end

function Crontab:line(text, line)
  text = text:match("^%s*(.-)\r?$")
  local comment = text:match("^#+%s*(.-)%s*$")
  if comment then
    return self:comment_line(comment, line)
  end
  local name, value = text:match("^[\"']?([%a_][%w_]*)[\"']?%s*=%s*(.*)$")
  local when, rest = split_entry(text)
  if name then
    self:variable(name, value, line)
  elseif when then
    self:entry(when, rest, line)
  elseif text ~= "" then
    self.reading:leave_out({ line = line }, "'%s' is no crontab line", text:sub(1, 60))
  end
  self.comment = {}
end

---@param text string
---@param options mooncron.port.CrontabOptions
---@return mooncron.Job[] jobs
---@return mooncron.port.Note[] notes
return function(text, options)
  local system = options.system
  if system == nil then
    system = is_system("\n" .. text, options)
  end
  local self = setmetatable({
    reading = model.reading(options),
    system = system,
    zone = options.time_zone,
    comment = {},
    variables = {},
    unique = model.unique(),
  }, Crontab)
  local line = 0
  for one in (text .. "\n"):gmatch("([^\n]*)\n") do
    line = line + 1
    self:line(one, line)
  end
  return self.reading:result()
end
