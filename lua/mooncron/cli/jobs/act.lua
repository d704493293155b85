---mooncron jobs run, pause, resume, delete

local err <const> = require "mooncron.err"
local names <const> = require "mooncron.cli.jobs.names"
local names_api <const> = require "mooncron.api.name"
local output <const> = require "mooncron.cli.output"
local session <const> = require "mooncron.cli.jobs.session"

local M = {}

-- ---- the question before a deletion, as gcloud puts it ----

local function refuse_answer(code, message)
  error(err.new(code, message, { by_user = true }), 0)
end

local function read_answer()
  local core = require "mooncron.core"
  local task = require "mooncron.task"
  local line <close> = assert(core.loop.line.new(task.loop()))
  local event = task.await(assert(line:read("")))
  if event.interrupted then
    error(err.new("CANCELLED", "interrupted"), 0)
  end
  return event.text
end

local function confirm(ids)
  local what = #ids == 1 and ("job [%s]"):format(ids[1]) or "jobs:\n - " .. table.concat(ids, "\n - ")
  io.stderr:write("You are about to delete ", what, "\n\nDo you want to continue (Y/n)?  ")
  local answer = read_answer()
  io.stderr:write("\n")
  if not answer then
    refuse_answer("FAILED_PRECONDITION", "This prompt could not be answered because you are not in an "
      .. "interactive session. You can re-run the command with the --quiet flag to accept default answers "
      .. "for all prompts.")
  elseif not answer:find("^%s*$") and not answer:lower():find("^%s*y") then
    refuse_answer("CANCELLED", "Aborted by user.")
  end
end

-- ---- one verb for one job or many ----

---@class mooncron.cli.jobs.Verb
---@field done string "paused"
---@field said? fun(name: string): string what is said when it was one job
---@field summary string
---@field asks boolean?

---@type table<string, mooncron.cli.jobs.Verb>
local VERBS <const> = {
  run = { done = "run", summary = "run a job now" },
  pause = {
    done = "paused",
    summary = "pause a job: it does not run until it is resumed",
    said = function() return "Job has been paused." end,
  },
  resume = {
    done = "resumed",
    summary = "resume a paused job",
    said = function() return "Job has been resumed." end,
  },
  delete = {
    done = "deleted",
    summary = "delete a job",
    said = function(name) return ("Deleted job [%s]."):format(names_api.id(name)) end,
    asks = true,
  },
}

local function call(client, verb, name)
  local job, e = client[verb .. "_job"](client, name)
  if not job then
    return nil, e
  end
  return job == true and {} or session.record(job)
end

local function run_one(client, verb, name, query)
  local record = session.must(call(client, verb, name))
  if VERBS[verb].said then
    io.stderr:write(VERBS[verb].said(name), "\n")
  end
  output.print_one(record, query)
end

local function run_many(client, verb, found, query, path)
  local records = {}
  local outcomes = session.each(found, function(name)
    return call(client, verb, name)
  end)
  for _, outcome in ipairs(outcomes) do
    records[#records + 1] = outcome.value
  end
  if #records > 0 then
    output.print_list(records, query)
  end
  return session.summarise(outcomes, path, VERBS[verb].done)
end

local function run(verb)
  return function(values, path)
    local query = output.query(values, "none")
    local client <close> = session.open(values)
    local found = names.expand(client, values)
    if VERBS[verb].asks and not values.quiet then
      local ids = {}
      for i, name in ipairs(found) do
        ids[i] = names_api.id(name)
      end
      confirm(ids)
    end
    if #found == 1 then
      return run_one(client, verb, found[1], query)
    end
    return run_many(client, verb, found, query, path)
  end
end

---@param verb string
---@return mooncron.cli.Node
function M.node(verb)
  return {
    name = verb,
    summary = VERBS[verb].summary,
    notes = "Several names, and globs over the jobs of the location, are done at once.",
    words = { min = 1, max = math.huge, names = "JOB..." },
    completes = "job",
    options = function()
      return output.options {}
    end,
    examples = {
      ("jobs %s nightly"):format(verb),
      ("jobs %s 'report-*' cleanup%s"):format(verb, VERBS[verb].asks and " --quiet" or ""),
    },
    run = run(verb),
  }
end

return M
