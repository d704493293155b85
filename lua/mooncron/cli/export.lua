---mooncron export --format FORMAT [FILE...]

local common <const> = require "mooncron.cli.port"
local jobfiles <const> = require "mooncron.cli.jobfiles"
local port <const> = require "mooncron.port"

local M = {}

M.summary = "print jobs as JSON, gcloud commands, Terraform, a crontab or a job file"

local OPTIONS <const> = jobfiles.with({
  { "--format", value = "FORMAT", help = "json, gcloud, terraform, crontab or lua" },
  { "--from", value = "FORMAT", help = "of the files, as import --format (default auto)" },
  common.options.exact,
  common.options.strict,
}, "arg", "project", "location", "endpoint", "backend", "data")

local usage <const> = [[
usage: mooncron export --format FORMAT [FILE...] [OPTION...]

Print the live jobs of a project, or those of job files (*.lua) and of files in any form that mooncron
import reads ("-" is standard input): as the API's JSON, as commands for gcloud, as resources for Terraform,
as a crontab of curl calls (HTTP targets with cron schedules; CRON_TZ wants cronie), or as a job file. What
a form cannot say is told on standard error, and is a comment where the form has comments.

%s

exit codes: 0 done, 1 failure (with --strict: or something was not carried over), 2 usage

examples:
  mooncron export --format terraform --project my-project --location europe-west1 > jobs.tf
  mooncron export --format gcloud jobs.lua --project my-project --location europe-west1 > create.sh]]

local COMMAND <const> = {
  name = "export", usage = usage, options = OPTIONS, words = { min = 0, max = math.maxinteger },
}

local function check(options)
  if not options.format then
    return "--format is missing: " .. table.concat(port.targets, ", ")
  end
  for _, known in ipairs(port.targets) do
    if options.format == known then
      return nil
    end
  end
  return ("--format '%s': use %s"):format(options.format, table.concat(port.targets, ", "))
end

-- The jobs of the files, in their order.
local function from_files(options)
  local jobs, notes = {}, {}
  for _, path in ipairs(options) do
    local found, more
    if path:find("%.lua$") then
      found, more = common.declared(path, options), {}
    else
      found, more = common.files({ path }, {
        format = options.from, project = options.project, location = options.location,
        check_schedule = common.check_schedule,
      })
    end
    table.move(found, 1, #found, #jobs + 1, jobs)
    table.move(more, 1, #more, #notes + 1, notes)
  end
  return jobs, notes
end

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local options, code = jobfiles.read(COMMAND, args, cli)
  if not options then
    return code
  end
  local problem = check(options)
  if problem then
    return cli.usage_error("export: " .. problem)
  end
  local jobs, notes
  if options[1] then
    jobs, notes = from_files(options)
  else
    jobs, notes = common.live(options)
  end
  return common.print(common.tidy(jobs, options), options.format, notes, options)
end

return M
