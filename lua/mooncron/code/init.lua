---Jobs as code, for scripts: load job files, plan, apply. The commands plan, apply, sync, drift and lint
---are these functions with a terminal around them.
---
---    local code = require "mooncron.code"
---    local client <close> = assert(mooncron.connect())
---    local declared = assert(code.load(client, { "jobs.lua" }, { args = { env = "dev" } }))
---    local plan = assert(code.plan(client, declared))
---    io.write(code.text(plan))
---    local report = code.apply(client, plan)

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"

local M = {}

---Load job files as one declaration, names and topics meant in the client's project and location.
---@param client mooncron.Client
---@param paths string[]
---@param options { args: table<string, string>? }?
---@return mooncron.code.Declared?
---@return mooncron.Err? err `lines` has every problem
function M.load(client, paths, options)
  return require("mooncron.code.loader").load(paths, {
    project = client.project, location = client.location, args = options and options.args,
    holds_exceptions = client.set_exceptions ~= nil,
  })
end

---What would have to change. Waits.
---@param client mooncron.Client
---@param declared mooncron.code.Declared
---`prune` deletes what else is of the set.
---@param options { prune: boolean?, adopt: boolean?, now_ms: integer? }?
---@return mooncron.code.Plan? plan with `problems` in it, it must not be applied
---@return mooncron.Err?
function M.plan(client, declared, options)
  options = options or {}
  local live, e = require("mooncron.code.live").read(client, declared.parents)
  if not live then
    return nil, e
  end
  return require("mooncron.code.plan").make(declared, live, {
    now_ms = options.now_ms or core.loop.wall_ms(), parent = client:parent(),
    prune = options.prune, adopt = options.adopt,
  })
end

---Carry out a plan. Waits.
---@param client mooncron.Client
---@param plan mooncron.code.Plan
---@param options mooncron.code.ApplyOptions?
---@return mooncron.code.Report?
---@return mooncron.Err?
function M.apply(client, plan, options)
  if #plan.problems > 0 then
    return nil, err.new("FAILED_PRECONDITION", ("the plan has problems: '%s' %s"):format(
      plan.problems[1].name, plan.problems[1].text))
  end
  return require("mooncron.code.apply").run(client, plan, options)
end

---What was changed outside. Waits.
---@param client mooncron.Client
---@param declared mooncron.code.Declared
---@return mooncron.code.Drift[]?
---@return mooncron.Err?
function M.drift(client, declared)
  local live, e = require("mooncron.code.live").read(client, declared.parents)
  if not live then
    return nil, e
  end
  return require("mooncron.code.drift").find(declared, live, { now_ms = core.loop.wall_ms() })
end

---What is allowed and hardly meant.
---@param declared mooncron.code.Declared
---@return mooncron.code.Finding[]
function M.lint(declared)
  return require("mooncron.code.lint").check(declared, { now_ms = core.loop.wall_ms() })
end

---A plan for people, secrets blotted out.
---@param plan mooncron.code.Plan
---@return string
function M.text(plan)
  return require("mooncron.code.plan_text").human(plan)
end

---Whether a plan changes anything.
---@param plan mooncron.code.Plan
---@return boolean
function M.has_changes(plan)
  return require("mooncron.code.plan").has_changes(plan)
end

return M
