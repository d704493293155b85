---mooncron jobs list, mooncron jobs describe

local connection <const> = require "mooncron.cli.connection"
local names <const> = require "mooncron.cli.jobs.names"
local output <const> = require "mooncron.cli.output"
local session <const> = require "mooncron.cli.jobs.session"

local M = {}

-- gcloud's own default, in its own language.
local TABLE <const> = [[table(
  name.basename():label=ID,
  name.segment(-3):label=LOCATION,
  format("{0} ({1})", schedule, timeZone):label="SCHEDULE (TZ)",
  format("{0}{1}{2}", pubsubTarget.yesno(yes="Pub/Sub", no=""),
    appEngineHttpTarget.yesno(yes="App Engine", no=""),
    httpTarget.yesno(yes="HTTP", no="")):label=TARGET_TYPE,
  state:label=STATE)]]
local LABELS <const> = { name = "ID" }

---The URL of a resource, as --uri prints it.
---@param values table read options
---@param records table[]
---@return table[]
function M.as_urls(values, records)
  local context = session.must(connection.context(values))
  local base = (context.endpoint or "https://cloudscheduler.googleapis.com") .. "/v1/"
  local urls = {}
  for i, record in ipairs(records) do
    urls[i] = { name = base .. record.name }
  end
  return urls
end

local function list(values)
  local query = output.query(values, TABLE)
  local client <close> = session.open(values)
  local pager = client:list_jobs { page_size = values.page_size }
  local jobs = output.select(query, function()
    local job = pager()
    return job and session.record(job)
  end)
  output.print_list(values.uri and M.as_urls(values, jobs) or jobs, query, LABELS)
end

local function describe(values, path)
  local query = output.query(values, "yaml")
  local client <close> = session.open(values)
  local found = names.expand(client, values)
  if #found == 1 then
    return output.print_one(session.record(session.must(client:get_job(found[1]))), query)
  end
  local outcomes = session.each(found, function(name)
    return client:get_job(name)
  end)
  local records = {}
  for _, outcome in ipairs(outcomes) do
    records[#records + 1] = outcome.value and session.record(outcome.value) or nil
  end
  output.print_list(records, query, LABELS)
  return #records < #outcomes and session.summarise(outcomes, path, "described") or 0
end

M.nodes = {}

M.nodes.list = {
  name = "list",
  summary = "list the jobs of a location",
  words = { min = 0, max = 0, names = "" },
  options = function()
    return output.options({}, true)
  end,
  examples = {
    "jobs list --location=europe-west1",
    "jobs list --filter='state=PAUSED AND name~^report-' --format='value(name.basename(), schedule)'",
    "jobs list --sort-by=~scheduleTime --limit=10 --format=json",
  },
  run = list,
}

M.nodes.describe = {
  name = "describe",
  summary = "show a job; several, or a glob, make a list",
  words = { min = 1, max = math.huge, names = "JOB..." },
  completes = "job",
  options = function()
    return output.options {}
  end,
  examples = { "jobs describe nightly", "jobs describe 'report-*' --format='table(name.basename(), state)'" },
  run = describe,
}

---@param verb "list"|"describe"
---@return mooncron.cli.Node
function M.node(verb)
  return M.nodes[verb]
end

return M
