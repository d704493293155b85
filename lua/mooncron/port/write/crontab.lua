---A crontab of curl calls, for the crons that know CRON_TZ (cronie; Debian's does not). What a crontab
---cannot say is a comment; a job that it cannot run at all is nothing but comments.

local dialect <const> = require "mooncron.port.dialect"
local duration <const> = require "mooncron.duration"
local model <const> = require "mooncron.port.model"
local notes_api <const> = require "mooncron.port.notes"
local shell <const> = require "mooncron.port.shell"

local MAX_COMMAND <const> = 998 -- characters that Debian's cron reads

local function comment(text)
  return "# " .. text:gsub("%c", " ")
end

-- Why there is no line for a job, or why it would not do what the job does.
local function refusal(job)
  local target = job.http_target
  if not target then
    return "only HTTP targets can be called from a crontab"
  elseif not job.schedule or not dialect.is_cron(job.schedule) then
    return ("'%s' is no cron schedule"):format(job.schedule or "")
  elseif not target.uri or target.uri:find("%c") then
    return "it has no URL"
  end
  for _, name in ipairs(model.sorted_keys(target.headers or {})) do
    if (name .. target.headers[name]):find("[%c]") then
      return ("header '%s' has a control character in it"):format(name)
    end
  end
end

-- What the line does otherwise than the job.
local function shortcomings(job)
  local list, target = {}, job.http_target
  for kind, name in pairs { oidc_token = "OIDC", oauth_token = "OAuth" } do
    if target[kind] then
      local email = target[kind].service_account_email or ""
      list[#list + 1] = ("the %s token of '%s' is missing"):format(name, email)
    end
  end
  local config = job.retry_config or {}
  if config.max_backoff_duration or config.max_doublings then
    list[#list + 1] = "curl knows no max_backoff_duration and max_doublings"
  end
  return list
end

local function seconds(text)
  local n = text and duration.parse_json(text)
  return n and n > 0 and ("%d"):format(math.ceil(n / duration.second)) or nil
end

local function curl_of(job)
  local target, words = job.http_target, { "curl", "-fsS" }
  local function add(flag, value)
    if value then
      words[#words + 1] = flag
      words[#words + 1] = shell.quote(value)
    end
  end
  local method = target.http_method or "POST"
  add("-X", method ~= "HEAD" and method or nil)
  words[#words + 1] = method == "HEAD" and "-I" or nil
  add("-m", seconds(job.attempt_deadline) or "180")
  local config = job.retry_config or {}
  add("--retry", config.retry_count and config.retry_count > 0 and ("%d"):format(config.retry_count) or nil)
  add("--retry-delay", config.retry_count and seconds(config.min_backoff_duration))
  add("--retry-max-time", config.retry_count and seconds(config.max_retry_duration))
  local has_type = false
  for _, name in ipairs(model.sorted_keys(target.headers or {})) do
    has_type = has_type or name:lower() == "content-type"
    local value = target.headers[name]
    add("-H", value == "" and name .. ";" or name .. ": " .. value)
  end
  if target.body and not has_type then
    add("-H", "Content-Type: application/octet-stream")
  end
  local body = target.body or (method == "POST" and "") or nil
  local is_piped = body and body:find("[%c\127-\255]")
  add(is_piped and "--data-binary" or "--data-raw", is_piped and "@-" or body)
  words[#words + 1] = shell.quote(target.uri)
  local call = table.concat(words, " ") .. " >/dev/null"
  return is_piped and shell.printf(body) .. " | " .. call or call
end

local function write(out, job, notes)
  local id = model.name_parts(job).job or "job"
  out[#out + 1] = comment(id .. (job.description and ": " .. job.description or ""))
  local function say(text)
    notes:add({ job = id }, "%s", text)
    out[#out + 1] = comment("  " .. text)
  end
  local why = refusal(job)
  if why then
    return say("left out: " .. why)
  end
  local command = curl_of(job):gsub("%%", "\\%%")
  local lacking = shortcomings(job)
  for _, text in ipairs(lacking) do
    say(text)
  end
  local is_off = job.http_target.oidc_token or job.http_target.oauth_token
  if #command > MAX_COMMAND then
    say(("Debian's cron cuts the line at %d characters"):format(MAX_COMMAND))
    is_off = true
  end
  if job.state == "PAUSED" then
    say("it is paused")
    is_off = true
  end
  out[#out + 1] = (is_off and "#" or "") .. dialect.to_cron(job.schedule) .. " " .. command
end

---@param jobs mooncron.Job[]
---@return string text
---@return mooncron.port.Note[] notes
return function(jobs)
  local notes, out, zones, by_zone = notes_api.new(), {}, {}, {}
  for _, job in ipairs(jobs) do
    local zone = job.time_zone or "UTC"
    if not by_zone[zone] then
      zones[#zones + 1], by_zone[zone] = zone, {}
    end
    table.insert(by_zone[zone], job)
  end
  for i, zone in ipairs(zones) do
    out[#out + 1] = (i > 1 and "\n" or "") .. "CRON_TZ=" .. zone
    for _, job in ipairs(by_zone[zone]) do
      out[#out + 1] = ""
      write(out, job, notes)
    end
  end
  return table.concat(out, "\n") .. "\n", notes.list
end
