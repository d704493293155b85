-- Fill a data folder: `mooncron fill.lua FOLDER URL REST DUE SPREAD_MS DELAY_MS`. REST jobs that are due
-- in a year, DUE jobs that fall due from DELAY_MS from now on, spread evenly over SPREAD_MS.
local core <const> = require "mooncron.core"
local job_api <const> = require "mooncron.api.job"
local json <const> = require "mooncron.json"
local store <const> = require "mooncron.scheduler.store"

local folder, url = arg[1], arg[2]
local rest, due, spread_ms, delay_ms = tonumber(arg[3]), tonumber(arg[4]), tonumber(arg[5]), tonumber(arg[6])

local PARENT <const> = "projects/bench/locations/us-central1"
local YEAR_MS <const> = 365 * 86400000

local function resource(uri)
  return assert(json.encode(job_api.to_json(job_api.normalise_stored {
    name = PARENT .. "/jobs/NAME",
    schedule = "0 0 1 1 *",
    time_zone = "Europe/Berlin",
    http_target = { uri = uri, http_method = "POST", body = "hello", headers = { ["X-Team"] = "billing" } },
    retry_config = { retry_count = 3 },
  })))
end

assert(core.fs.mkdirs(folder))
local file <const> = assert(store.open(folder .. "/scheduler.db"))
local now_ms <const> = core.loop.wall_ms() + delay_ms

-- One statement for all rows: what differs is their name, and when they are due.
local INSERT <const> = [[
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?5),
    job(name, due_ms) AS (SELECT printf('%s-%07d', ?6, i), ?3 + i * ?4 / ?5 FROM n)
  INSERT INTO jobs (name, parent, resource, state, anchor_ms, updated_ms, schedule_ms, due_ms, status)
  SELECT ?1 || '/jobs/' || name, ?1, replace(replace(?2, 'NAME', name), 'DUE', due_ms), 'ENABLED',
    ?3, ?3, due_ms, due_ms, -1 FROM job]]

local function insert(kind, count, first_ms, over_ms)
  if count > 0 then
    local text = resource(url .. "/" .. kind .. "/DUE")
    assert(file.db:run(INSERT, PARENT, text, first_ms, over_ms, count, kind))
  end
end

assert(file.db:begin())
insert("rest", rest, now_ms + YEAR_MS, YEAR_MS)
insert("due", due, now_ms, spread_ms)
assert(file.db:commit())
file:close()
