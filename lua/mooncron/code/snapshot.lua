---Pauses for a while: who was paused by whom is in a file, so that `restore` resumes those and no other.
---
---The file is written before the first pause, with all that is intended, and again after the last one: a
---pause that was cut off in between is found in it.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local task <const> = require "mooncron.task"

local M = {}

local FORMAT <const> = "mooncron-snapshot"

---@class mooncron.code.Snapshot
---@field note string?
---@field at string RFC 3339
---@field jobs { name: string, paused: boolean }[] `paused` once it is known to be

---@param path string
---@return mooncron.code.Snapshot?
---@return mooncron.Err?
function M.read(path)
  local file, why = io.open(path, "rb")
  if not file then
    return nil, err.new("NOT_FOUND", "cannot read snapshot " .. why)
  end
  local value, e = json.decode(file:read("a"))
  file:close()
  if type(value) ~= "table" or value.format ~= FORMAT then
    return nil, err.new("INVALID_ARGUMENT", ("'%s' is no snapshot of mooncron pause"):format(path),
      { cause = e })
  end
  return value
end

---@param path string
---@param snapshot mooncron.code.Snapshot
---@return true?
---@return mooncron.Err?
function M.write(path, snapshot)
  local folder = path:match("^(.+)/[^/]*$")
  local ok, e = true, nil
  if folder then
    ok, e = core.fs.mkdirs(folder)
  end
  if not ok then
    return nil, e
  end
  return core.fs.write(path, json.pretty({
    format = FORMAT, note = snapshot.note, at = snapshot.at, jobs = json.list(snapshot.jobs),
  }, { "format", "note", "at", "jobs", jobs = { "name", "paused" } }))
end

-- Call a verb for each name; what fails is told and stops no other.
local function each(client, verb, list, parallel, on_done)
  local failed = {}
  task.map(list, { limit = parallel or 16 }, function(item)
    local job, e = client[verb](client, item.name)
    if job then
      on_done(item, job)
    else
      failed[#failed + 1] = { name = item.name, error = e }
    end
    return true
  end)
  table.sort(failed, function(a, b)
    return a.name < b.name
  end)
  return failed
end

---Pause jobs, with a snapshot. One that is in the file already is added to. Waits.
---@param client mooncron.Client
---@param jobs mooncron.Job[] enabled ones
---@param options { path: string, note: string?, at: string, parallel: integer? }
---@return { done: integer, failed: table[] }?
---@return mooncron.Err?
function M.pause(client, jobs, options)
  local snapshot = { note = options.note, at = options.at, jobs = {} }
  local known = {}
  local earlier = M.read(options.path)
  for _, item in ipairs(earlier and earlier.jobs or {}) do
    known[item.name] = item
    snapshot.jobs[#snapshot.jobs + 1] = item
  end
  local mine = {}
  for _, job in ipairs(jobs) do
    local item = known[job.name] or { name = job.name }
    item.paused = false
    if not known[job.name] then
      snapshot.jobs[#snapshot.jobs + 1] = item
    end
    mine[#mine + 1] = item
  end
  local ok, e = M.write(options.path, snapshot)
  if not ok then
    return nil, e
  end
  local done = 0
  local failed = each(client, "pause_job", mine, options.parallel, function(item)
    item.paused = true
    done = done + 1
  end)
  ok, e = M.write(options.path, snapshot)
  if not ok then
    return nil, e
  end
  return { done = done, failed = failed }
end

-- Whether a job is paused by what the snapshot tells of. One that was cut off before it was known: when it
-- was changed after the snapshot began.
local function is_ours(item, job, snapshot)
  if job.state ~= "PAUSED" then
    return false
  elseif item.paused then
    return true
  end
  local changed, began = core.time.parse_instant(job.user_update_time or ""),
    core.time.parse_instant(snapshot.at)
  return changed ~= nil and began ~= nil and changed >= began - 1000
end

---Resume what a snapshot paused, and remove it when that is done. Waits.
---@param client mooncron.Client
---@param path string
---@param live table<string, mooncron.Job> by name
---@param options { parallel: integer? }
---@return { done: integer, left: { name: string, why: string }[], failed: table[] }?
---@return mooncron.Err?
function M.restore(client, path, live, options)
  local snapshot, e = M.read(path)
  if not snapshot then
    return nil, e
  end
  local mine, left = {}, {}
  for _, item in ipairs(snapshot.jobs) do
    local job = live[item.name]
    if job and is_ours(item, job, snapshot) then
      mine[#mine + 1] = item
    else
      local why = not job and "is not there any more"
        or job.state == "PAUSED" and "was paused by somebody else"
        or "runs already"
      left[#left + 1] = { name = item.name, why = why }
    end
  end
  local done = 0
  local failed = each(client, "resume_job", mine, options.parallel, function()
    done = done + 1
  end)
  if #failed == 0 then
    os.remove(path)
  end
  return { done = done, left = left, failed = failed }
end

---Call a verb for jobs, without a snapshot. Waits.
---@param client mooncron.Client
---@param verb "pause_job"|"resume_job"
---@param jobs mooncron.Job[]
---@param options { parallel: integer? }
---@return { done: integer, failed: table[] }
function M.each(client, verb, jobs, options)
  local done = 0
  local failed = each(client, verb, jobs, options.parallel, function()
    done = done + 1
  end)
  return { done = done, failed = failed }
end

return M
