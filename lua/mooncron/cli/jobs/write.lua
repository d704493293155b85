---mooncron jobs create TARGET, mooncron jobs update TARGET

local build <const> = require "mooncron.cli.jobs.build"
local err <const> = require "mooncron.err"
local flags <const> = require "mooncron.cli.jobs.flags"
local output <const> = require "mooncron.cli.output"
local session <const> = require "mooncron.cli.jobs.session"

local M = {}

local JOB <const> = { min = 1, max = 1, names = "JOB" }

local function read_file(path)
  if path == "-" then
    return io.read("a")
  end
  local file <close>, why = io.open(path, "rb")
  if not file then
    return nil, why
  end
  return file:read("a")
end

local function refuse(problem)
  error(err.new("INVALID_ARGUMENT", problem), 0)
end

-- What can be told before there is a connection, so that a mistake is found out at once and with exit
-- code 2. Files are read later, once.
local function check(verb, target)
  local world = {
    project = "",
    read_file = function()
      return ""
    end,
  }
  return function(values)
    local job, problem
    if verb == "create" then
      job, problem = build.create(target, values, world)
    else
      job, problem = build.update(target, values, {}, world)
    end
    return not job and problem or nil
  end
end

local function create(target)
  return function(values)
    local query = output.query(values, "yaml")
    local client <close> = session.open(values)
    local job, problem = build.create(target, values, { project = client.project, read_file = read_file })
    if not job then
      refuse(problem)
    end
    job.name = values[1]
    local made = session.must(client:create_job(job))
    output.print_one(session.record(made), query)
  end
end

local function update(target)
  return function(values)
    local query = output.query(values, "yaml")
    local client <close> = session.open(values)
    local live = build.needs_live(target, values) and session.must(client:get_job(values[1])) or nil
    local world = { project = client.project, read_file = read_file }
    local job, mask = build.update(target, values, live, world)
    if not job then
      refuse(mask)
    end
    job.name = values[1]
    local made = session.must(client:update_job { job = job, update_mask = mask })
    output.print_one(session.record(made), query)
  end
end

local RUN <const> = { create = create, update = update }

local function leaf(verb, target)
  local row = flags.targets[target]
  return {
    name = target,
    summary = ("%s a job %s"):format(verb, row.title),
    words = JOB,
    completes = verb == "update" and "job" or nil,
    options = function()
      return output.options(flags.of(verb, target))
    end,
    check = check(verb, target),
    examples = { ("jobs %s %s %s"):format(verb, target, row.examples[verb]) },
    run = RUN[verb](target),
  }
end

---@param verb "create"|"update"
---@return mooncron.cli.Node
function M.node(verb)
  local children = {}
  for i, target in ipairs(flags.order) do
    children[i] = leaf(verb, target)
  end
  return { name = verb, summary = verb .. " a job", children = children }
end

return M
