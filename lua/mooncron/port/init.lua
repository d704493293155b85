---Jobs between forms: a reader makes a list of jobs and notes of a text, a writer a text and notes of a
---list of jobs. Notes say what was not carried over, and why. Pure: no file is opened here, and what a
---schedule may be is asked of `options.check_schedule`; with it, jobs are checked as they are read.

local err <const> = require "mooncron.err"
local model <const> = require "mooncron.port.model"
local notes_api <const> = require "mooncron.port.notes"
local spelling <const> = require "mooncron.spelling"

local M = {}

---What can be read, in the order of the help.
M.sources = { "crontab", "gcloud", "terraform", "k8s", "json" }

---What can be written.
M.targets = { "lua", "json", "gcloud", "terraform", "crontab" }

local READERS <const> = {
  crontab = "crontab",
  commands = "commands",
  gcloud = "api",
  json = "api",
  terraform = "terraform",
  k8s = "kubernetes",
}

local function is_commands(text)
  return text:find("%f[%w]gcloud%s+scheduler%s+jobs%s+create%s") ~= nil and not text:find("^%s*[%[{]")
end

local function is_crontab(text)
  for line in text:gmatch("[^\n]+") do
    if line:find("^%s*[%d*][%d*,/-]*%s+[%d*][%d*,/-]*%s+%S+%s+%S+%s+%S+%s+%S") or line:find("^%s*@%a+%s+%S")
      or line:find("^CRON_TZ=") or line:find("^MAILTO=") then
      return true
    end
  end
  return false
end

---Which form a text is in.
---@param text string
---@return string? format
function M.detect(text)
  if is_commands(text) then
    return "gcloud"
  elseif text:find("^%s*[%[{]") then
    if text:find('"format_version"', 1, true) or text:find('"lineage"', 1, true) then
      return "terraform"
    end
    return text:find('"apiVersion"', 1, true) and "k8s" or "json"
  elseif is_crontab(text) then
    return "crontab"
  elseif text:find("%f[^\n\0]apiVersion:") then
    return "k8s"
  elseif text:find("%f[^\n\0][- ]*%w+:%s") then
    return "gcloud"
  end
end

local function unknown(format, known)
  local hint = spelling.hint(format, known)
  return nil, err.new("INVALID_ARGUMENT", ("format '%s' is not one of %s%s"):format(
    format, table.concat(known, ", "), hint and ", " .. hint or ""
  ))
end

---Read a text. `options.format` is one of `sources`; without it the text is looked at.
---@param text string
---@param options mooncron.port.CrontabOptions|{ format: string? }
---@return mooncron.Job[]? jobs
---@return mooncron.port.Note[]|mooncron.Err notes
function M.read(text, options)
  local format = options.format
  if format == nil or format == "auto" then
    format = M.detect(text)
    if not format then
      return nil, err.new("INVALID_ARGUMENT",
        "what form the text is in is not to be seen, give --format: " .. table.concat(M.sources, ", "))
    end
  end
  if format == "gcloud" and is_commands(text) then
    format = "commands"
  end
  if not READERS[format] then
    return unknown(format, M.sources)
  end
  return require("mooncron.port.read." .. READERS[format])(text, options)
end

---Write jobs in one of `targets`.
---@param jobs mooncron.Job[]
---@param format string
---@return string? text
---@return mooncron.port.Note[]|mooncron.Err notes
function M.write(jobs, format)
  for _, known in ipairs(M.targets) do
    if known == format then
      return require("mooncron.port.write." .. format)(jobs)
    end
  end
  return unknown(format, M.targets)
end

M.configuration = model.configuration
M.tidy = model.tidy
M.name_parts = model.name_parts
M.format_note = notes_api.format

return M
