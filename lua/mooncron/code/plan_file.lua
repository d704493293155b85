---Plans in files: `plan --out` writes one, `apply` carries it out as it is, and refuses when the live state
---is no longer the one that it was made for. The file holds whole jobs, with what is secret in them.

local diff <const> = require "mooncron.code.diff"
local err <const> = require "mooncron.err"
local exceptions <const> = require "mooncron.exceptions"
local hash <const> = require "mooncron.code.hash"
local job_api <const> = require "mooncron.api.job"
local json <const> = require "mooncron.json"
local normalise <const> = require "mooncron.code.normalise"
local plan_api <const> = require "mooncron.code.plan"
local sets <const> = require "mooncron.code.set"

local M = {}

local FORMAT <const> = "mooncron-plan"
local VERSION <const> = 1

---What the state of a live job comes down to; of none, nil.
---@param job mooncron.Job?
---@return string?
function M.fingerprint(job)
  if not job then
    return nil
  end
  local seen = normalise.compared(job)
  seen.state, seen.exceptions = job.state, job.exceptions
  return hash.hex(assert(json.canonical(seen)))
end

local function change_out(change)
  local fields = json.list()
  for i, leaf in ipairs(change.fields) do
    fields[i] = { path = leaf.path, from = leaf.from, to = leaf.to }
  end
  local job = change.op ~= "keep" and change.job or nil
  return {
    op = change.op, name = change.name, where = change.where, why = change.why,
    job = job and job_api.to_json(job), paused = change.paused, exceptions = change.exceptions,
    mask = change.mask and json.list(change.mask), before = M.fingerprint(change.live),
    state = change.live and change.live.state,
    fields = fields, next_before = change.next_before, next_after = change.next_after,
    warnings = json.list(change.warnings),
  }
end

---@param plan mooncron.code.Plan
---@return string
function M.write(plan)
  local changes = json.list()
  for i, change in ipairs(plan.changes) do
    changes[i] = change_out(change)
  end
  return json.pretty({
    format = FORMAT, version = VERSION, set = plan.set, parent = plan.parent,
    parents = json.list(plan.parents), prune = plan.prune, owned = plan.owned, changes = changes,
    skipped = json.list(plan.skipped), orphans = json.list(plan.orphans),
  }, { "format", "version", "set", "parent", "parents", "prune", "owned", "changes" })
end

local function change_in(given)
  local change = {
    op = given.op, name = given.name, where = given.where, why = given.why, paused = given.paused,
    exceptions = given.exceptions, mask = given.mask, before = given.before, fields = given.fields or {},
    warnings = given.warnings or {},
    next_before = given.next_before, next_after = given.next_after,
    live = given.state and { name = given.name, state = given.state },
  }
  if given.job then
    local job, problems = job_api.from_json(given.job)
    if not job then
      return nil, job_api.error(problems, { ours = true })
    end
    change.job = job
  end
  return change
end

---@param text string
---@return mooncron.code.Plan? plan with `id`, and `before` in its changes
---@return mooncron.Err?
function M.read(text)
  local given, e = json.decode(text)
  if not given then
    return nil, e
  elseif type(given) ~= "table" or given.format ~= FORMAT then
    return nil, err.new("INVALID_ARGUMENT", "not a plan: mooncron plan --out FILE writes one")
  elseif given.version ~= VERSION then
    return nil, err.new("FAILED_PRECONDITION", "the plan was written by another mooncron: make it again")
  end
  local plan = {
    id = hash.hex(text), set = given.set, parent = given.parent, parents = given.parents, prune = given.prune,
    owned = math.tointeger(given.owned), skipped = given.skipped, orphans = given.orphans,
    problems = {}, notes = {}, changes = {},
  }
  for i, one in ipairs(given.changes) do
    plan.changes[i], e = change_in(one)
    if not plan.changes[i] then
      return nil, e
    end
  end
  plan.summary = plan_api.summarise(plan.changes)
  return plan
end

---Whether a live job is as a change leaves it.
---@param change mooncron.code.Change
---@param live mooncron.Job?
---@return boolean
function M.is_reached(change, live)
  if change.op == "delete" or not live then
    return change.op == "delete" and not live
  elseif change.paused ~= nil and (live.state == "PAUSED") ~= change.paused then
    return false
  end
  return diff.is_same(live, change.job)
    and exceptions.encode(live.exceptions) == exceptions.encode(change.exceptions)
end

local function moved(names)
  local shown = table.concat(names, ", ", 1, math.min(3, #names))
  return err.new("FAILED_PRECONDITION", ("the live jobs are no longer those of the plan, make it again: %s%s")
    :format(shown, #names > 3 and (" and %d more"):format(#names - 3) or ""), { names = names })
end

---Lay a plan from a file on the live state: changes that are made already become unchanged ones.
---`begun` names those that an interrupted run had begun: whatever they look like, they are ours to finish.
---@param plan mooncron.code.Plan
---@param live mooncron.Job[]
---@param begun table<string, true>
---@return mooncron.code.Plan?
---@return mooncron.Err? err when the live state has moved
function M.lay_on(plan, live, begun)
  local by_name, wrong, planned = {}, {}, {}
  for _, job in ipairs(live) do
    by_name[job.name] = job
  end
  for _, change in ipairs(plan.changes) do
    local job = by_name[change.name]
    planned[change.name] = true
    change.live = job
    if M.fingerprint(job) == change.before and change.op ~= "keep"
      or begun[change.name] then -- luacheck: ignore 542
      -- as it was, or left half-way: to be done
    elseif change.op == "keep" and M.fingerprint(job) ~= change.before then
      wrong[#wrong + 1] = plan_api.short(plan, change.name)
    elseif change.op ~= "keep" and M.is_reached(change, job) then
      change.op = "keep"
    elseif change.op ~= "keep" then
      wrong[#wrong + 1] = plan_api.short(plan, change.name)
    end
  end
  for _, job in ipairs(live) do
    local _, owner = sets.detach(job.description)
    if plan.prune and owner == plan.set and not planned[job.name] then
      wrong[#wrong + 1] = plan_api.short(plan, job.name)
    end
  end
  if wrong[1] then
    return nil, moved(wrong)
  end
  plan.summary = plan_api.summarise(plan.changes)
  return plan
end

return M
