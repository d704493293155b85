---The completion script of bash.

local M = {}

local HEAD <const> = [==[
# bash completion for mooncron; made by: mooncron completion bash

_mooncron_list() {
  "${COMP_WORDS[0]}" completion --list "$1" -- "${COMP_WORDS[@]:1}" 2>/dev/null
}

# The candidates of a kind that fit the word at the cursor.
_mooncron_reply() {
  COMPREPLY=($(compgen "$@" -- "$cur"))
}

_mooncron() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= flags= words= kind= i
  COMPREPLY=()
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/${COMP_WORDS[i]}" in
]==]

local MIDDLE <const> = [==[
    esac
  done
  case "$path" in
]==]

local VALUES <const> = [==[
  esac
  case "$path $prev" in
]==]

local TAIL <const> = [==[
  esac
  if [[ $cur == -* ]]; then
    _mooncron_reply -W "$flags"
    return
  fi
  case "$kind" in
    job) _mooncron_reply -W "$(_mooncron_list jobs)" ;;
    location) _mooncron_reply -W "$(_mooncron_list locations)" ;;
    file) compopt -o filenames 2>/dev/null; _mooncron_reply -f -W "$words" ;;
    *) _mooncron_reply -W "$words" ;;
  esac
}

complete -F _mooncron mooncron
]==]

local function quoted(text)
  return '"' .. text:gsub('[\\"$`]', "\\%0") .. '"'
end

local REPLY <const> = {
  files = "compopt -o filenames 2>/dev/null; _mooncron_reply -f",
  jobs = '_mooncron_reply -W "$(_mooncron_list jobs)"',
  locations = '_mooncron_reply -W "$(_mooncron_list locations)"',
}

---@param places mooncron.cli.Place[]
---@param values_of fun(option: mooncron.cli.Option): string[]|string|nil
---@return string
function M.script(places, values_of)
  local steps, tables, values = {}, {}, {}
  for _, place in ipairs(places) do
    local slashed = place.path:gsub(" ", "/")
    for _, child in ipairs(place.children) do
      local full = (slashed ~= "" and "/" .. slashed or "") .. "/" .. child
      steps[#steps + 1] = ("      %s) path=%s ;;\n"):format(full, full)
    end
    local flags = { "--help" }
    local path = slashed ~= "" and "/" .. slashed or ""
    for _, option in ipairs(place.options) do
      flags[#flags + 1] = option[1] ~= "--help" and option[1] or nil
      local known = values_of(option)
      if option.value then
        local reply = type(known) == "table" and "_mooncron_reply -W " .. quoted(table.concat(known, " "))
          or REPLY[known] or ":"
        values[#values + 1] = ("    %s) %s; return ;;\n"):format(quoted(path .. " " .. option[1]), reply)
      end
    end
    tables[#tables + 1] = ("    %s)\n      flags=%s\n      words=%s\n      kind=%s\n      ;;\n"):format(
      quoted(path), quoted(table.concat(flags, " ")), quoted(table.concat(place.children, " ")),
      place.completes or "words")
  end
  return HEAD .. table.concat(steps) .. MIDDLE .. table.concat(tables)
    .. VALUES .. table.concat(values) .. TAIL
end

return M
