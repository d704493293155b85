---`gcloud scheduler jobs create` commands for a POSIX shell. What gcloud has no flag for is a comment above
---the command.

local duration <const> = require "mooncron.duration"
local model <const> = require "mooncron.port.model"
local notes_api <const> = require "mooncron.port.notes"
local shell <const> = require "mooncron.port.shell"

local KINDS <const> = {
  http_target = "http", pubsub_target = "pubsub", app_engine_http_target = "app-engine",
}

-- Longer arguments are refused by Linux (MAX_ARG_STRLEN, 128 KB).
local MAX_ARGUMENT <const> = 100000

local Command = {}
Command.__index = Command

function Command:flag(name, value)
  if value ~= nil then
    self.flags[#self.flags + 1] = name .. "=" .. shell.quote(tostring(value))
  end
end

function Command:cannot_say(message, ...)
  local text = message:format(...)
  self.comments[#self.comments + 1] = text
  self.notes:add({ job = self.id }, "%s", text)
end

-- gcloud takes whole seconds.
function Command:duration(name, value, path)
  local n = value and duration.parse_json(value)
  if n and n % duration.second ~= 0 then
    return self:cannot_say("gcloud takes whole seconds only: %s is %s", path, value)
  end
  self:flag(name, value)
end

-- `^DELIMITER^K=V...` where a comma is in the way, see `gcloud topic escaping`. The delimiter must not come
-- about where items meet either.
local function join(items)
  local plain = table.concat(items, ",")
  if plain:sub(1, 1) ~= "^" and select(2, plain:gsub(",", "")) == #items - 1 then
    return plain
  end
  for _, sign in ipairs { ";", "|", "~", "::", "@@", "#_#", "+-+-+" } do
    local text = table.concat(items, sign) .. sign
    local at, matches = 1, true
    for _, item in ipairs(items) do
      local first = text:find(sign, at, true)
      matches = matches and first == at + #item
      at = at + #item + #sign
    end
    if matches then
      return ("^%s^%s"):format(sign, text:sub(1, -#sign - 1))
    end
  end
end

function Command:map(name, value, path)
  local items = {}
  for _, key in ipairs(model.sorted_keys(value or {})) do
    if key == "" or key:find("=", 1, true) or (key .. value[key]):find("\0", 1, true) then
      self:cannot_say("%s has a name or value that gcloud cannot take: '%s'", path, key:gsub("[%c]", "?"))
    else
      items[#items + 1] = key .. "=" .. value[key]
    end
  end
  if #items == 0 then
    return
  end
  local text = join(items)
  if not text then
    return self:cannot_say("%s has every delimiter in it that could part it", path)
  end
  self:flag(name, text)
end

function Command:text(name, value, path)
  if value and value:find("\0", 1, true) then
    return self:cannot_say("%s has a NUL in it", path)
  end
  self:flag(name, value)
end

-- Bytes that are no argument come through a pipe.
function Command:body(value)
  if not value then
    return
  elseif utf8.len(value) and not value:find("\0", 1, true) and #value < MAX_ARGUMENT then
    return self:flag("--message-body", value)
  end
  self.pipe = shell.printf(value)
  self:flag("--message-body-from-file", "/dev/stdin")
end

local TARGETS <const> = {}

function TARGETS.http_target(self, target)
  self:text("--uri", target.uri, "http_target.uri")
  local method = target.http_method
  if method == "PATCH" or method == "OPTIONS" then
    self:cannot_say("gcloud does not offer the method %s", method)
    method = nil
  end
  self:flag("--http-method", method and method:lower())
  self:map("--headers", target.headers, "http_target.headers")
  self:body(target.body)
  for _, pair in ipairs { { "oidc", "audience" }, { "oauth", "scope" } } do
    local kind, more = pair[1], pair[2]
    local token = target[kind .. "_token"]
    if token then
      self:flag(("--%s-service-account-email"):format(kind), token.service_account_email)
      self:text(("--%s-token-%s"):format(kind, more), token[more], kind .. "_token." .. more)
    end
  end
end

function TARGETS.pubsub_target(self, target)
  self:flag("--topic", target.topic_name)
  self:body(target.data)
  self:map("--attributes", target.attributes, "pubsub_target.attributes")
end

function TARGETS.app_engine_http_target(self, target)
  local routing = target.app_engine_routing or {}
  self:flag("--http-method", target.http_method and target.http_method:lower())
  self:text("--relative-url", target.relative_uri, "relative_uri")
  self:flag("--service", routing.service)
  self:flag("--version", routing.version)
  if routing.instance then
    self:cannot_say("gcloud has no flag for app_engine_routing.instance, '%s'", routing.instance)
  end
  self:map("--headers", target.headers, "app_engine_http_target.headers")
  self:body(target.body)
end

local function where(parts)
  local words = {}
  if parts.project then
    words[1] = "--project=" .. shell.quote(parts.project)
    words[2] = "--location=" .. shell.quote(parts.location)
  end
  return words
end

-- An id that looks like a flag is written in full.
local function shown(job, parts)
  local is_flag = parts.job:sub(1, 1) == "-"
  return shell.quote(is_flag and job.name or parts.job)
end

local function set_flags(self, job)
  self:text("--schedule", job.schedule, "schedule")
  self:text("--time-zone", job.time_zone, "time_zone")
  self:text("--description", job.description, "description")
  local key, target = model.target_of(job)
  TARGETS[key](self, target)
  if key == "pubsub_target" and job.attempt_deadline then
    self:cannot_say("Pub/Sub jobs have no attempt_deadline in gcloud, %s", job.attempt_deadline)
  elseif key ~= "pubsub_target" then
    self:duration("--attempt-deadline", job.attempt_deadline, "attempt_deadline")
  end
  local config = job.retry_config or {}
  self:flag("--max-retry-attempts", config.retry_count)
  self:duration("--max-retry-duration", config.max_retry_duration, "max_retry_duration")
  self:duration("--min-backoff", config.min_backoff_duration, "min_backoff_duration")
  self:duration("--max-backoff", config.max_backoff_duration, "max_backoff_duration")
  self:flag("--max-doublings", config.max_doublings)
end

local function write(out, job, notes)
  local parts = model.name_parts(job)
  local key = model.target_of(job)
  local id = parts.job
  if not id or not key then
    return notes:add({ job = id }, "left out: gcloud wants a name and a target")
  end
  local self = setmetatable({ flags = where(parts), comments = {}, notes = notes, id = id }, Command)
  set_flags(self, job)
  for _, comment in ipairs(self.comments) do
    out[#out + 1] = "# " .. id .. ": " .. comment:gsub("%c", "?")
  end
  local head = ("gcloud scheduler jobs create %s %s"):format(KINDS[key], shown(job, parts))
  local command = table.concat({ head, table.unpack(self.flags) }, " \\\n  ")
  out[#out + 1] = self.pipe and self.pipe .. " |\n" .. command or command
  if job.state == "PAUSED" then
    local words = { "gcloud scheduler jobs pause", shown(job, parts), table.unpack(where(parts)) }
    out[#out + 1] = table.concat(words, " ")
  end
  out[#out + 1] = ""
end

---@param jobs mooncron.Job[]
---@return string text
---@return mooncron.port.Note[] notes
return function(jobs)
  local notes, out = notes_api.new(), { "#!/bin/sh", "set -eu", "" }
  for _, job in ipairs(jobs) do
    write(out, job, notes)
  end
  return table.concat(out, "\n"), notes.list
end
