---The completion script of zsh.

local M = {}

local HEAD <const> = [==[
#compdef mooncron
# zsh completion for mooncron; made by: mooncron completion zsh

_mooncron_list() {
  compadd -- ${(f)"$("${words[1]}" completion --list "$1" -- "${(@)words[2,-1]}" 2>/dev/null)"}
}

_mooncron() {
  local place= i
  local -a flags children
  for ((i = 2; i < CURRENT; i++)); do
    case "$place/${words[i]}" in
]==]

local TAIL <const> = [==[
  esac
}

if [[ $funcstack[1] == _mooncron ]]; then
  _mooncron "$@"
else
  compdef _mooncron mooncron
fi
]==]

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Within the specifications of _arguments and _describe.
local function escaped(text)
  return (text:gsub("[%[%]:\\]", "\\%0"))
end

local ACTIONS <const> = {
  files = "_files", jobs = "_mooncron_list jobs", locations = "_mooncron_list locations",
}
local KINDS <const> = { job = "jobs", location = "locations", file = "files" }

local function option_spec(option, values_of)
  local spec = ("%s%s[%s]"):format(option[1], option.value and "=" or "", escaped(option.help))
  if option.value then
    local known = values_of(option)
    local action = type(known) == "table" and "(" .. table.concat(known, " ") .. ")" or ACTIONS[known] or " "
    spec = ("%s:%s:%s"):format(spec, escaped(option.value), action)
  end
  return quoted(spec)
end

---@param places mooncron.cli.Place[]
---@param values_of fun(option: mooncron.cli.Option): string[]|string|nil
---@return string
function M.script(places, values_of)
  local summaries = {}
  for _, place in ipairs(places) do
    summaries[place.path] = place.summary
  end
  local steps, cases = {}, {}
  for _, place in ipairs(places) do
    local path = place.path ~= "" and "/" .. place.path:gsub(" ", "/") or ""
    local specs, children = {}, {}
    for _, child in ipairs(place.children) do
      local full = path .. "/" .. child
      steps[#steps + 1] = ("      %s) place=%s ;;\n"):format(full, full)
      local summary = summaries[(place.path .. " " .. child):gsub("^ ", "")] or child
      children[#children + 1] = quoted(("%s:%s"):format(child, escaped(summary)))
    end
    for i, option in ipairs(place.options) do
      specs[i] = option_spec(option, values_of)
    end
    local rest = ACTIONS[KINDS[place.completes]] or " "
    cases[#cases + 1] = ("    %s)\n"):format(quoted(path))
    if #children > 0 then
      cases[#cases + 1] = ("      children=(%s)\n%s { _describe command children; %s; return; }\n"):format(
        table.concat(children, " "), "      [[ $PREFIX == -* ]] ||",
        place.completes == "file" and "_files" or ":")
    end
    cases[#cases + 1] = ("      _arguments %s %s\n      ;;\n"):format(
      table.concat(specs, " "), quoted("*: :" .. rest))
  end
  return HEAD .. table.concat(steps) .. '    esac\n  done\n  case "$place" in\n'
    .. table.concat(cases) .. TAIL
end

return M
