---Command-line options from a table of what a command takes. One way to read them for every
---command.

local M = {}

---@class mooncron.cli.Option
---@field [1] string the flag, as "--port"
---@field value string? name of the value in the help; without it the flag is a switch
---@field type "string"|"integer"|nil default string
---@field many boolean? may come several times: a list
---@field short string? "-n"
---@field help string

local function by_flag(options)
  local index = {}
  for _, option in ipairs(options) do
    index[option[1]] = option
    if option.short then
      index[option.short] = option
    end
  end
  return index
end

local function key_of(option)
  return (option[1]:gsub("^%-%-", ""):gsub("-", "_"))
end

local function convert(option, text)
  if option.type == "integer" then
    local n = math.tointeger(tonumber(text))
    if not n then
      return nil, ("%s wants an integer, not '%s'"):format(option[1], text)
    end
    return n
  end
  return text
end

local function store(values, option, value)
  local key = key_of(option)
  if option.many then
    values[key] = values[key] or {}
    table.insert(values[key], value)
  else
    values[key] = value
  end
end

---Read `args` by `options`. Words that are no flags come in order in `values[1]`, `values[2]`, ...;
---all after `--` are words.
---@param args string[]
---@param options mooncron.cli.Option[]
---@param words { min: integer, max: integer, names: string? }
---@return table? values
---@return string? problem one line for the user
function M.read(args, options, words)
  local index, values, i = by_flag(options), {}, 1
  while i <= #args do
    local arg = args[i]
    local flag, inline = arg:match("^(%-%-[%w-]+)=(.*)$")
    flag = flag or arg
    if arg == "--" then
      table.move(args, i + 1, #args, #values + 1, values)
      break
    elseif arg:sub(1, 1) ~= "-" or arg == "-" or arg:find("^%-%d") then
      values[#values + 1] = arg
    else
      local option = index[flag]
      if not option then
        return nil, ("unknown option '%s'"):format(flag)
      end
      local value = true
      if option.value then
        if not inline then
          i = i + 1
          inline = args[i]
        end
        if not inline then
          return nil, ("%s wants a value: %s %s"):format(flag, flag, option.value)
        end
        local problem
        value, problem = convert(option, inline)
        if problem then
          return nil, problem
        end
      elseif inline then
        return nil, ("%s takes no value"):format(flag)
      end
      store(values, option, value)
    end
    i = i + 1
  end
  if #values < words.min then
    return nil, ("missing %s"):format(words.names or "argument")
  end
  if #values > words.max then
    return nil, ("unexpected '%s'"):format(values[words.max + 1])
  end
  return values
end

---@class mooncron.cli.Command
---@field name string
---@field usage string its help, with %s where the options go
---@field options mooncron.cli.Option[]
---@field words { min: integer, max: integer, names: string? }
---@field check (fun(values: table): string?)? what else can be wrong, in one line

---Read a command's arguments. Help and mistakes are dealt with: then the second result is the exit
---code.
---@param command mooncron.cli.Command
---@param args string[]
---@param cli table mooncron.cli
---@return table? values
---@return integer? code
function M.command(command, args, cli)
  if cli.wants_help(args) then
    print(command.usage:format(M.help(command.options)))
    return nil, 0
  end
  local values, problem = M.read(args, command.options, command.words)
  if values and command.check then
    problem = command.check(values)
  end
  if problem then
    return nil, cli.usage_error(command.name .. ": " .. problem)
  end
  return values
end

---The option lines of a help text.
---@param options mooncron.cli.Option[]
---@return string
function M.help(options)
  local lines = {}
  for _, option in ipairs(options) do
    local short = option.short and option.short .. ", " or ""
    local left = short .. option[1] .. (option.value and " " .. option.value or "")
    lines[#lines + 1] = ("  %-28s %s"):format(left, option.help)
  end
  return table.concat(lines, "\n")
end

return M
