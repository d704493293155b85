---Plans: what would have to change so that the live jobs are what is declared. Pure: the same declaration,
---live state and instant give the same plan.

local diff <const> = require "mooncron.code.diff"
local exceptions <const> = require "mooncron.exceptions"
local names <const> = require "mooncron.api.name"
local normalise <const> = require "mooncron.code.normalise"
local schedule_of <const> = require("mooncron.schedule").new
local sets <const> = require "mooncron.code.set"

local M = {}

---@class mooncron.code.Change
---@field op "create"|"update"|"delete"|"keep"
---@field name string full
---@field where string? "file:line" of the declaration
---@field why string? of a deletion
---@field fields mooncron.code.Difference[] leaves that change, secrets blotted out
---@field mask string[]? of an update; empty when only the state changes
---@field job mooncron.Job? as declared
---@field exceptions mooncron.Exceptions? as declared
---@field paused boolean? the state to end in; nil: as it is
---@field live mooncron.Job? as it was when the plan was made
---@field next_before string? RFC 3339 in the job's zone, when the schedule changes
---@field next_after string?
---@field warnings string[]

---@class mooncron.code.Plan
---@field set string?
---@field parent string the location in which short ids are meant
---@field parents string[]
---@field prune boolean
---@field changes mooncron.code.Change[] by name
---@field skipped { name: string, where: string, why: string }[] declared, but not for now
---@field orphans string[] jobs of the set that are not declared any more, when they are not to be deleted
---@field problems { name: string, where: string, text: string }[] with any, it must not be applied
---@field notes string[] what is to be known about the whole
---@field owned integer live jobs of the set
---@field summary { create: integer, update: integer, delete: integer, keep: integer }

---A one-off or a window that is over stays so long: its last run may still be retried.
M.grace_ms = 3600000

-- ---- schedules ----

local function schedules()
  local known = {}
  return function(job)
    local key = (job.schedule or "") .. "\0" .. (job.time_zone or "UTC")
    if known[key] == nil then
      known[key] = job.schedule and schedule_of(job.schedule, job.time_zone or "UTC") or false
    end
    return known[key] or nil
  end
end

local function next_run(ctx, job, live, kept)
  local schedule = ctx.schedule(job)
  if not schedule then
    return nil
  elseif live and live.state ~= "ENABLED" then
    return nil
  elseif live and schedule:is_anchored() then
    return live.schedule_time -- where it counts from is the service's to know
  end
  local ms = exceptions.over(schedule, kept):next(ctx.now_ms)
  return ms and schedule:format(ms)
end

-- Whether a job that is bound to a year is to exist now, and if not why.
local function is_active(ctx, declared, is_live)
  local active, now_ms = declared.active, ctx.now_ms
  if not active then
    return true
  end
  local next_ms = ctx.schedule(declared.job):next(now_ms)
  if next_ms and next_ms < active.from_ms then
    return false, "not yet: cron has no year, it would fire before its time"
  elseif next_ms and next_ms <= active.to_ms or is_live and now_ms <= active.to_ms + M.grace_ms then
    return true
  end
  return false, "it is over"
end

-- ---- changes ----

local TIMING <const> = { schedule = true, time_zone = true, except = true, window = true }

local function changes_schedule(leaves)
  for _, leaf in ipairs(leaves) do
    if TIMING[leaf.path] then
      return true
    end
  end
  return false
end

-- All of one job, as leaves on the side on which it is.
local function all_of(job, side)
  local leaves = side == "to" and diff.leaves({}, normalise.compared(job))
    or diff.leaves(normalise.compared(job), {})
  for _, leaf in ipairs(leaves) do
    leaf[side == "to" and "from" or "to"] = nil
  end
  return leaves
end

local function create(ctx, declared)
  local change = {
    op = "create",
    name = declared.name,
    where = declared.where,
    job = declared.job,
    paused = declared.paused,
    exceptions = declared.exceptions,
    fields = diff.add_exceptions(all_of(declared.job, "to"), nil, declared.exceptions),
    warnings = {},
  }
  if declared.paused then
    change.fields[#change.fields + 1] = { path = "state", to = "PAUSED" }
  else
    change.next_after = next_run(ctx, declared.job, nil, declared.exceptions)
  end
  return change
end

-- The state to reach, as a leaf; nil when it is there.
local function state_leaf(declared, live)
  if declared.paused == true and live.state ~= "PAUSED" then
    return { path = "state", from = live.state, to = "PAUSED" }
  elseif declared.paused == false and live.state == "PAUSED" then
    return { path = "state", from = "PAUSED", to = "ENABLED" }
  elseif live.state == "UPDATE_FAILED" then
    return { path = "state", from = "UPDATE_FAILED", to = "ENABLED" }
  end
end

local function state_warning(declared, live)
  if live.state == "PAUSED" and declared.paused == nil then
    return "it is paused, and the job file does not say whether it should be: it stays paused"
  elseif live.state == "DISABLED" then
    return "the service has disabled it, and only the service enables it again"
  end
end

local function update(ctx, declared, live)
  local mask, leaves = diff.between(live, declared.job)
  diff.add_exceptions(leaves, live.exceptions, declared.exceptions)
  local state = state_leaf(declared, live)
  local change = {
    op = (#mask > 0 or #leaves > 0 or state) and "update" or "keep",
    name = declared.name, where = declared.where, job = declared.job, paused = declared.paused, live = live,
    exceptions = declared.exceptions, mask = mask, fields = {}, warnings = { state_warning(declared, live) },
  }
  if change.op == "keep" then
    return change
  end
  change.fields = leaves
  if state then
    change.fields[#change.fields + 1] = state
    if state.from == "UPDATE_FAILED" and #mask == 0 then
      change.mask = { "schedule" } -- a good update mends it [ref]
    end
  end
  if changes_schedule(change.fields) or state then
    change.next_before = next_run(ctx, live, live, live.exceptions)
    local stays_paused = declared.paused or live.state == "PAUSED" and declared.paused == nil
    change.next_after = not stays_paused and next_run(ctx, declared.job, nil, declared.exceptions) or nil
  end
  return change
end

local function remove(live, why, where)
  return {
    op = "delete", name = live.name, where = where, why = why, live = live, warnings = {},
    fields = all_of(live, "from"),
  }
end

-- Whether the declaration may touch the live job: a problem, a warning, or neither.
local function ownership(plan, live, adopt)
  local _, owner = sets.detach(live.description)
  if owner == plan.set then
    return nil
  elseif owner and not adopt then
    return ("belongs to the set '%s': declare it there, or take it over with --adopt"):format(owner)
  elseif owner then
    return nil, ("is taken over from the set '%s'"):format(owner)
  end
  return nil, ("is there already and belongs to no set: it is taken into '%s'"):format(plan.set)
end

local function plan_declared(plan, ctx, declared, live)
  local wanted, why = is_active(ctx, declared, live ~= nil)
  if not wanted then
    local is_ours = live and plan.set and select(2, sets.detach(live.description)) == plan.set
    if is_ours and plan.prune then
      return remove(live, why, declared.where)
    elseif live then
      why = why .. "; it is still there and comes again in a year: "
        .. (is_ours and "sync deletes it" or "delete it, it is not of this set")
    end
    plan.skipped[#plan.skipped + 1] = { name = declared.name, where = declared.where, why = why }
    return nil
  elseif not live then
    return create(ctx, declared)
  end
  local wrong, warning = ownership(plan, live, ctx.adopt)
  if wrong then
    plan.problems[#plan.problems + 1] = { name = declared.name, where = declared.where, text = wrong }
    return nil
  end
  local change = update(ctx, declared, live)
  table.insert(change.warnings, warning)
  return change
end

local PAUSED_NOTE <const> = "no job can be created paused: one that is to be is created with a schedule half"
  .. " a year away, paused, and only then given its own"

local function note_pauses(plan)
  for _, change in ipairs(plan.changes) do
    if change.op == "create" and change.paused then
      plan.notes[1] = PAUSED_NOTE
      return
    end
  end
end

---@param declared mooncron.code.Declared
---@param live mooncron.Job[] all jobs of `declared.parents`
---@param options { now_ms: integer, parent: string?, prune: boolean?, adopt: boolean? }
---@return mooncron.code.Plan
function M.make(declared, live, options)
  local plan = {
    set = declared.set,
    parent = options.parent or declared.parents[1],
    parents = declared.parents,
    prune = options.prune and declared.set ~= nil,
    changes = {}, skipped = {}, orphans = {}, problems = {}, notes = {}, owned = 0,
  }
  local ctx = { now_ms = options.now_ms, adopt = options.adopt, schedule = schedules() }
  local live_by_name, is_declared = {}, {}
  for _, job in ipairs(live) do
    live_by_name[job.name] = job
  end
  local changes = plan.changes
  for _, one in ipairs(declared.jobs) do
    is_declared[one.name] = true
    changes[#changes + 1] = plan_declared(plan, ctx, one, live_by_name[one.name])
  end
  for _, job in ipairs(live) do
    local _, owner = sets.detach(job.description)
    if owner and owner == plan.set then
      plan.owned = plan.owned + 1
      if not is_declared[job.name] and plan.prune then
        changes[#changes + 1] = remove(job, "it is not declared any more")
      elseif not is_declared[job.name] then
        plan.orphans[#plan.orphans + 1] = job.name
      end
    end
  end
  table.sort(plan.orphans)
  table.sort(changes, function(a, b)
    return a.name < b.name
  end)
  plan.summary = M.summarise(changes)
  note_pauses(plan)
  return plan
end

---Count the changes by what they do.
---@param changes mooncron.code.Change[]
---@return { create: integer, update: integer, delete: integer, keep: integer }
function M.summarise(changes)
  local summary = { create = 0, update = 0, delete = 0, keep = 0 }
  for _, change in ipairs(changes) do
    summary[change.op] = summary[change.op] + 1
  end
  return summary
end

---Whether there is something to do.
---@param plan mooncron.code.Plan
---@return boolean
function M.has_changes(plan)
  local s = plan.summary
  return s.create + s.update + s.delete > 0
end

---A name as short as it stays clear beside the plan's own location: `J`, `L/J` or the whole.
---@param plan { parent: string }
---@param name string
---@return string
function M.short(plan, name)
  local parsed, home = names.parse(name), names.parse_location(plan.parent)
  if not parsed or not home or parsed.project ~= home.project then
    return name
  end
  return parsed.location == home.location and parsed.job or parsed.location .. "/" .. parsed.job
end

return M
