---mooncron import live|FILE...

local common <const> = require "mooncron.cli.port"
local jobfiles <const> = require "mooncron.cli.jobfiles"

local M = {}

M.summary = "make a job file of live jobs, a crontab, gcloud, Terraform or Kubernetes"

local OPTIONS <const> = jobfiles.with({
  { "--format", value = "FORMAT", help = "crontab, gcloud, terraform, k8s, json or auto (default)" },
  { "--time-zone", value = "ZONE", help = "of crontabs and CronJobs that do not say theirs" },
  { "--system", help = "the crontab has a column for the user (default: by name and heading)" },
  { "--uri-template", value = "URI", help = "where commands of a crontab that call no URL are sent" },
  { "--map", value = "GLOB=URI", many = true, help = "the same for the commands that fit, the first counts" },
  common.options.exact,
  { "--json", help = "print the API's JSON instead of a job file" },
  common.options.strict,
}, "project", "location", "endpoint", "backend", "data")

local usage <const> = [[
usage: mooncron import live [OPTION...]
       mooncron import FILE... [OPTION...]

Print a job file of the jobs of a project ("live"), or of files: a crontab, what `gcloud scheduler jobs
list|describe --format=json|yaml` prints, scripts of `gcloud scheduler jobs create`, what `terraform show
-json` prints, Kubernetes CronJobs (YAML or JSON). "-" reads standard input. What could not be carried over
is told on standard error, with file and line.

Cloud Scheduler calls URLs and runs no commands. A command of a crontab or container becomes a job when it is
a call with curl or wget; other commands of a crontab are left out, unless --map or --uri-template says where
they are sent, as POST: {name}, {command} and {user} stand for the job's id, the command and its user. YAML
needs Debian's lua-yaml (LuaRocks: lyaml).

%s

exit codes: 0 done, 1 failure (with --strict: or something was not carried over), 2 usage

examples:
  mooncron import live --project my-project --location europe-west1 > jobs.lua
  crontab -l | mooncron import - --time-zone Europe/Berlin --map '*backup.sh*=https://run.example.com/backup'
  gcloud scheduler jobs list --location europe-west1 --format yaml | mooncron import -
  terraform show -json | mooncron import - --format terraform --json]]

local COMMAND <const> = {
  name = "import", usage = usage, options = OPTIONS,
  words = { min = 1, max = math.maxinteger, names = "what to import: live, a file, or -" },
}

-- `GLOB=URI`: the glob may hold a `=`, a URI begins with its scheme.
local function rules_of(list)
  local rules = {}
  for i, text in ipairs(list or {}) do
    local glob, uri = text:match("^(.-)=(https?://.+)$")
    if not glob then
      return nil, ("--map '%s': write GLOB=https://..."):format(text)
    end
    rules[i] = { glob = glob, uri = uri }
  end
  return rules
end

local function check(options)
  local template = options.uri_template
  if template and not template:find("^https?://") then
    return ("--uri-template '%s': write https://..."):format(template)
  elseif options[1] == "live" and (#options > 1 or options.format) then
    return "live takes no files and no --format"
  end
  local rules, problem = rules_of(options.map)
  options.map = rules
  return problem
end

local function gather(options)
  if options[1] == "live" then
    return common.live(options)
  end
  options.check_schedule = common.check_schedule
  return common.files(options, options)
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
    return cli.usage_error("import: " .. problem)
  end
  local jobs, notes = gather(options)
  return common.print(common.tidy(jobs, options), options.json and "json" or "lua", notes, options)
end

return M
