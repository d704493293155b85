-- What hyperfine measured, as a table: medians in milliseconds. Arguments: the folder, the number of jobs.

local json <const> = require "mooncron.json"
local text <const> = require "mooncron.text"

local function read(tool)
  local file <close> = io.open(("%s/%s.json"):format(arg[1], tool))
  return file and assert(json.decode(file:read "a")).results or {}
end

local function ms(seconds)
  return ("%.1f"):format(seconds * 1000)
end

local mooncron <const>, gcloud <const> = read "mooncron", read "gcloud"
local rows <const> = {}
for i, ours in ipairs(mooncron) do
  local theirs = gcloud[i]
  rows[i] = {
    command = ours.command:match("jobs [^-]*"):gsub("%s+$", "")
      .. (ours.command:find("json") and " (json)" or ""),
    wall_ms = ms(ours.median),
    cpu_ms = ms(ours.user + ours.system),
    fastest_ms = ms(ours.min),
    gcloud_wall_ms = theirs and ms(theirs.median) or "-",
    gcloud_cpu_ms = theirs and ms(theirs.user + theirs.system) or "-",
    times_faster = theirs and ("%.0f"):format(theirs.median / ours.median) or "-",
  }
end
print(("%s jobs on one server; medians, CPU means"):format(arg[2]))
io.write(text.table(rows, {
  "command", "wall_ms", "fastest_ms", "cpu_ms", "gcloud_wall_ms", "gcloud_cpu_ms", "times_faster",
}))
