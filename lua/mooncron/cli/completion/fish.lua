---The completion script of fish.

local M = {}

local HEAD <const> = [==[
# fish completion for mooncron; made by: mooncron completion fish

function __mooncron_list
  set -l line (commandline -opc)
  $line[1] completion --list $argv[1] -- $line[2..-1] 2>/dev/null
end

# The command that the line has come to, as a path.
function __mooncron_place
  set -l place
  for word in (commandline -opc)[2..-1]
    switch "$place/$word"
]==]

local MIDDLE <const> = [==[
        set place "$place/$word"
    end
  end
  echo "$place"
end

function __mooncron_at
  test (__mooncron_place) = "$argv[1]"
end

complete -c mooncron -f
]==]

local function quoted(text)
  return "'" .. text:gsub("[\\']", "\\%0") .. "'"
end

local SOURCES <const> = {
  jobs = "(__mooncron_list jobs)",
  locations = "(__mooncron_list locations)",
  files = "(__fish_complete_path)",
}
local KINDS <const> = { job = "jobs", location = "locations", file = "files" }

---@param places mooncron.cli.Place[]
---@param values_of fun(option: mooncron.cli.Option): string[]|string|nil
---@return string
function M.script(places, values_of)
  local summaries, steps, lines = {}, {}, {}
  for _, place in ipairs(places) do
    summaries[place.path] = place.summary
  end
  local function add(path, rest)
    local condition = quoted(('__mooncron_at "%s"'):format(path))
    lines[#lines + 1] = ("complete -c mooncron -n %s %s\n"):format(condition, rest)
  end
  for _, place in ipairs(places) do
    local path = place.path ~= "" and "/" .. place.path:gsub(" ", "/") or ""
    for _, child in ipairs(place.children) do
      steps[#steps + 1] = quoted(path .. "/" .. child)
      local summary = summaries[(place.path .. " " .. child):gsub("^ ", "")] or child
      add(path, ("-a %s -d %s"):format(child, quoted(summary)))
    end
    if KINDS[place.completes] then
      add(path, "-a " .. quoted(SOURCES[KINDS[place.completes]]))
    end
    for _, option in ipairs(place.options) do
      local known = values_of(option)
      local source = type(known) == "table" and table.concat(known, " ") or SOURCES[known]
      add(path, ("-l %s%s%s -d %s"):format(option[1]:sub(3), option.value and " -x" or "",
        option.value and source and " -a " .. quoted(source) or "", quoted(option.help)))
    end
  end
  return HEAD .. "      case " .. table.concat(steps, " ") .. "\n" .. MIDDLE .. table.concat(lines)
end

return M
