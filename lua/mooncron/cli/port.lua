---What import and export share: where jobs come from, and how what was not carried over is told.

local err <const> = require "mooncron.err"
local port <const> = require "mooncron.port"

local M = {}

---Options of both commands.
M.options = {
  project = { "--project", value = "P", help = "of jobs that do not say theirs, and of the live ones" },
  location = { "--location", value = "L", help = "likewise (live jobs: default us-central1)" },
  endpoint = { "--endpoint", value = "URL", help = "live jobs of a server that speaks the API" },
  data = { "--data", value = "FOLDER", help = "live jobs of the local scheduler that keeps them there" },
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

local function by_name(a, b)
  return (a.name or "") < (b.name or "")
end

---The jobs of the scheduler that the options and the environment name, by name. Waits.
---@param options table of a command
---@return mooncron.Job[]
---@return mooncron.port.Note[]
function M.live(options)
  local client <close> = assert(require("mooncron").connect {
    project = options.project,
    location = options.location,
    endpoint = options.endpoint,
    data = options.data,
    backend = options.data and "local" or nil, -- whatever project its jobs are said to be of
  })
  local jobs, notes = {}, {}
  for live in client:list_jobs { page_size = 500 } do
    local job, remark = port.configuration(live)
    jobs[#jobs + 1] = job
    notes[#notes + 1] = remark and { job = port.name_parts(job).job, message = remark } or nil
  end
  table.sort(jobs, by_name)
  return jobs, notes
end

---The jobs of files; names are told apart within a file.
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

---Say on standard error what was not carried over.
---@param notes mooncron.port.Note[]
function M.tell(notes)
  for _, note in ipairs(notes) do
    io.stderr:write(port.format_note(note), "\n")
  end
end

return M
