---@meta
---The C module's `core.time`. Instants are integer ms since the epoch.

---@class core.time
local time = {}

---@class core.time.Schedule
local Schedule = {}

---@class core.time.Zone
local Zone = {}

---Parse either language. The zone is an IANA name or a handle; none and "" are UTC. `once` is Vixie
---cron's rule for changes of the clock, not the service's.
---@param text string
---@param zone string|core.time.Zone|nil
---@param options { once: boolean? }?
---@return core.time.Schedule?
---@return mooncron.Err? err `path` is `schedule` or `time_zone`; `pos` the byte at fault, from 0
function time.schedule(text, zone, options) end

---Whether there is such a schedule; makes none.
---@param text string
---@param zone string?
---@return true?
---@return mooncron.Err? err as that of `schedule`
function time.check_schedule(text, zone) end

---@param name string
---@return core.time.Zone?
---@return mooncron.Err?
function time.zone(name) end

---Occurrences of many schedules in (from, to], lazily and in time order: `for ms, index in
---time.merge(...) do`
---@param list { schedule: core.time.Schedule, anchor: integer? }[]
---@param from integer
---@param to integer
---@return (fun(): integer?, integer?)?
---@return mooncron.Err?
---@return nil
---@return any closing
function time.merge(list, from, to) end

---@param ms integer
---@param digits integer? 0 to 3
---@return string RFC 3339 in UTC
function time.format(ms, digits) end

---@param text string RFC 3339
---@return integer? ms
---@return mooncron.Err?
function time.parse_instant(text) end

---Strictly after t. Without an anchor a plain interval runs from t.
---@param t integer
---@param anchor integer?
---@return integer?
function Schedule:next(t, anchor) end

---Strictly before t. Plain intervals need their anchor.
---@param t integer
---@param anchor integer?
---@return integer?
function Schedule:prev(t, anchor) end

---Whether it fires in the minute of t. Plain intervals need their anchor.
---@param t integer
---@param anchor integer?
---@return boolean
function Schedule:matches(t, anchor) end

---@param from integer exclusive
---@param to integer inclusive
---@param anchor integer? default `from`
---@return integer
function Schedule:count(from, to, anchor) end

---@param from integer exclusive
---@param to integer inclusive
---@param limit integer 1 to 1000000
---@param anchor integer? default `from`
---@return integer[]
function Schedule:between(from, to, limit, anchor) end

---@param from integer exclusive
---@param anchor integer? default `from`
---@return fun(): integer?
function Schedule:iter(from, anchor) end

---@return string? text parses to an equal schedule
---@return mooncron.Err?
function Schedule:canonical() end

---@return string? text plain English
---@return mooncron.Err?
function Schedule:describe() end

---@param from integer exclusive
---@param to integer inclusive
---@return { kind: string, at: integer?, message: string }[]
function Schedule:warnings(from, to) end

---@return "calendar"|"interval"
function Schedule:kind() end

---@return "cron"|"english"
function Schedule:language() end

---@return boolean is_anchored an interval that runs from the anchor passed
function Schedule:is_anchored() end

---@return core.time.Zone
function Schedule:zone() end

---@return string as it was asked for
function Zone:name() end

---@param ms integer
---@return integer seconds east of UTC
---@return string abbreviation
---@return boolean is_dst
function Zone:offset(ms) end

---@param local_ms integer what the local clock shows, as if it were UTC
---@return integer? earlier nil in a gap
---@return integer? later in an overlap
function Zone:instants(local_ms) end

---@param from integer exclusive
---@param to integer inclusive
---@return { at: integer, before: integer, after: integer }[] offsets in seconds
function Zone:transitions(from, to) end

---@param ms integer
---@param digits integer? 0 to 3
---@return string RFC 3339 with the zone's offset
function Zone:format(ms, digits) end

return time
