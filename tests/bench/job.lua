-- How long a job takes through the pure layer: `lua5.4 tests/bench/job.lua [rounds]`, from the root.
package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
package.cpath = "build/lib/?.so;" .. package.cpath

local job <const> = require "mooncron.api.job"
local json <const> = require "mooncron.json"

local ROUNDS <const> = math.tointeger(arg[1] or 100000)

local TEXT <const> = [[{
  "name": "projects/my-project/locations/europe-west1/jobs/nightly-report-0001",
  "description": "My Cloud Scheduler Job",
  "httpTarget": {
    "uri": "https://example.com/tasks/nightly?kind=report",
    "httpMethod": "POST",
    "headers": {"Content-Type": "application/json", "X-Team": "billing"},
    "body": "SGVsbG8sIENsb3VkIFNjaGVkdWxlciE=",
    "oidcToken": {"serviceAccountEmail": "runner@my-project.iam.gserviceaccount.com"}
  },
  "retryConfig": {"retryCount": 3, "minBackoffDuration": "10s"},
  "schedule": "*/15 2-6 * * 1-5",
  "timeZone": "Europe/Berlin",
  "attemptDeadline": "180s"
}]]

local CTX <const> = {
  parent = "projects/my-project/locations/europe-west1",
  check_schedule = function()
    return true
  end,
}

local PRETTY <const> = { pretty = true }

local decoded = assert(json.decode(TEXT))
local read = assert(job.from_json(decoded))
local written = job.to_json(read)

local STEPS <const> = {
  { "json.decode", function() return json.decode(TEXT) end },
  { "from_json", function() return job.from_json(decoded) end },
  { "from_lua", function() return job.from_lua(read) end },
  { "validate", function() return job.validate(read, CTX) end },
  { "normalise_stored", function() return job.normalise_stored(read) end },
  { "decode + normalise_stored", function() return job.normalise_stored(job.decode(TEXT), true) end },
  { "to_json", function() return job.to_json(read) end },
  { "json.encode", function() return json.encode(written) end },
  { "json.pretty", function() return json.pretty(written, job.order) end },
  { "to_text, compact", function() return job.to_text(read) end },
  { "to_text, pretty", function() return job.to_text(read, PRETTY) end },
  { "from_lua + to_text", function() return job.to_text((job.from_lua(read))) end },
  { "decode", function() return job.decode(TEXT) end },
  { "from_json + validate + to_json", function()
    local value = job.from_json(decoded)
    assert(job.validate(value, CTX))
    return job.to_json(value)
  end },
  { "text to text, all steps", function()
    local value = job.decode(TEXT)
    assert(job.validate(value, CTX))
    return job.to_text(job.normalise_stored(value, true), PRETTY)
  end },
}

for _, step in ipairs(STEPS) do
  local name, run = step[1], step[2]
  for _ = 1, 1000 do
    run()
  end
  local start = os.clock()
  for _ = 1, ROUNDS do
    run()
  end
  print(("%-32s %6.2f us"):format(name, (os.clock() - start) / ROUNDS * 1e6))
end
