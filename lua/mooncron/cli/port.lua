---What import and export share: where jobs come from, and how what was not carried over is told.

local err <const> = require "mooncron.err"
local jobfiles <const> = require "mooncron.cli.jobfiles"
local port <const> = require "mooncron.port"

local M = {}

---Options of both commands.
M.options = {
  exact = { "--exact", help = "keep what the service fills in by itself" },
  strict = { "--strict", help = "exit code 1 when anything was not carried over" },
}

local function read_file(path)
  if path == "-" then
    return io.read("a")
  end
  local file <close> = io.open(path, "rb")
  local text = file and file:read("a")
  if not text then
    error(err.new("NOT_FOUND", ("cannot read '%s'"):format(path)), 0)
  end
  return text
end

local EXCEPTIONS <const> = "the days that the local scheduler leaves out are not written: plan shows them"

-- What of a service's jobs is configuration.
local function configurations(live)
  local jobs, notes = {}, {}
  for i, job in ipairs(live) do
    local remark
    jobs[i], remark = port.configuration(job)
    local id = port.name_parts(job).job
    notes[#notes + 1] = remark and { job = id, message = remark } or nil
    notes[#notes + 1] = job.exceptions and { job = id, message = EXCEPTIONS } or nil
  end
  return jobs, notes
end

---The jobs of the scheduler that the options and the environment name, by name. Waits.
---@param options table of a command
---@return mooncron.Job[]
---@return mooncron.port.Note[]
function M.live(options)
  local client <close> = jobfiles.connect(options)
  return configurations(jobfiles.live(client, { client:parent() }))
end

---The jobs of a job file.
---@param path string
---@param options table of a command
---@return mooncron.Job[]
function M.declared(path, options)
  local jobs = {}
  local place = { project = options.project or "local", location = options.location or "us-central1" }
  for i, one in ipairs(jobfiles.load({ path }, options, place).jobs) do
    one.job.state = one.paused and "PAUSED" or nil
    jobs[i] = one.job
  end
  return jobs
end

---The jobs of files in the forms of others; names are told apart within a file.
---@param paths string[]
---@param options table
---@return mooncron.Job[]
---@return mooncron.port.Note[]
function M.files(paths, options)
  local jobs, notes = {}, {}
  for _, path in ipairs(paths) do
    options.file = path ~= "-" and path or "stdin"
    local found, more = port.read(read_file(path), options)
    if not found then
      error(err.new(more.code, options.file .. ": " .. more:line()), 0)
    end
    table.move(found, 1, #found, #jobs + 1, jobs)
    table.move(more, 1, #more, #notes + 1, notes)
  end
  return jobs, notes
end

---Whether a schedule is one of Cloud Scheduler's.
---@param text string
---@param zone string
---@return true?
---@return mooncron.Err?
function M.check_schedule(text, zone)
  local schedule, e = require("mooncron.core").time.schedule(text, zone)
  return schedule and true, e
end

---Without what the service fills in, unless the options want it all.
---@param jobs mooncron.Job[]
---@param options table
---@return mooncron.Job[]
function M.tidy(jobs, options)
  local out = {}
  for i, job in ipairs(jobs) do
    out[i] = options.exact and job or port.tidy(job)
  end
  return out
end

---Print the jobs in a form, and say on standard error what was not carried over.
---@param jobs mooncron.Job[]
---@param format string
---@param notes mooncron.port.Note[] of the reading
---@param options table
---@return integer exit code
function M.print(jobs, format, notes, options)
  local text, more = port.write(jobs, format)
  table.move(more, 1, #more, #notes + 1, notes)
  io.write(text)
  for _, note in ipairs(notes) do
    io.stderr:write(port.format_note(note), "\n")
  end
  return options.strict and #notes > 0 and 1 or 0
end

return M
