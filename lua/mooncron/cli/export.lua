---mooncron export --format FORMAT [FILE...]

local args_reader <const> = require "mooncron.cli.args"
local common <const> = require "mooncron.cli.port"
local port <const> = require "mooncron.port"

local M = {}

M.summary = "print jobs as JSON, gcloud commands, Terraform, a crontab or a job file"

local OPTIONS <const> = {
  { "--format", value = "FORMAT", help = "json, gcloud, terraform, crontab or lua" },
  { "--from", value = "FORMAT", help = "of the files: as of mooncron import --format (default auto)" },
  common.options.project,
  common.options.location,
  common.options.endpoint,
  common.options.data,
  common.options.exact,
  common.options.strict,
}

local usage <const> = [[
usage: mooncron export --format FORMAT [FILE...] [OPTION...]

Print the live jobs of a project, or those of files in any form that mooncron import reads ("-" is standard
input): as the API's JSON, as commands for gcloud, as resources for Terraform, as a crontab of curl calls
(HTTP targets with cron schedules; CRON_TZ wants cronie), or as a job file. What a form cannot say is a
comment in it where it has some, and told on standard error.

%s

exit codes: 0 done, 1 failure (with --strict: or something was not carried over), 2 usage

examples:
  mooncron export --format terraform --project my-project --location europe-west1 > jobs.tf
  mooncron export --format gcloud jobs.json --project my-project --location europe-west1 > create.sh]]

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

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  if cli.wants_help(args) then
    print(usage:format(args_reader.help(OPTIONS)))
    return 0
  end
  local options, problem = args_reader.read(args, OPTIONS, { min = 0, max = math.maxinteger })
  problem = problem or check(options)
  if problem then
    return cli.usage_error("export: " .. problem)
  end
  local jobs, notes
  if options[1] then
    jobs, notes = common.files(options, {
      format = options.from, project = options.project, location = options.location,
      check_schedule = common.check_schedule,
    })
  else
    jobs, notes = common.live(options)
  end
  local text, more = port.write(common.tidy(jobs, options), options.format)
  table.move(more, 1, #more, #notes + 1, notes)
  io.write(text)
  common.tell(notes)
  return options.strict and #notes > 0 and 1 or 0
end

return M
