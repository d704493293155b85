---What the checks share: the files of the repository, and results as TAP, a line per rule with what broke
---it beneath.

local M = {}

local count, failed = 0, 0

---@param command string
---@return string[]
function M.lines_of(command)
  local pipe <close> = assert(io.popen(command))
  local lines = {}
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  return lines
end

---Paths of all files of the repository, sorted: those that git knows or would add, or in an unpacked
---archive all there are.
---@return string[]
function M.files()
  local found = M.lines_of("git -c safe.directory='*' ls-files -co --exclude-standard 2>/dev/null"
    .. " | LC_ALL=C sort -u")
  if #found == 0 then
    found = M.lines_of("find . -type f -not -path './.git/*' -not -path './build/*'"
      .. " -not -path '*/node_modules/*' -not -path '*/__pycache__/*' | sed 's,^\\./,,' | LC_ALL=C sort")
  end
  local there = {}
  for _, path in ipairs(found) do
    local file <close> = io.open(path, "rb")
    if file then
      there[#there + 1] = path
    end
  end
  return there
end

---@param paths string[]
---@param ... string Lua patterns; a path that matches any is taken
---@return string[]
function M.matching(paths, ...)
  local taken = {}
  for _, path in ipairs(paths) do
    for _, pattern in ipairs { ... } do
      if path:find(pattern) then
        taken[#taken + 1] = path
        break
      end
    end
  end
  return taken
end

---@param path string
---@return string
function M.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

---@param path string
---@return string[]
function M.lines(path)
  local lines = {}
  for line in (M.read(path) .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  return lines
end

---C text with the inside of comments, strings and characters blanked, line numbers and columns kept.
---@param text string
---@return string
function M.blank_c(text)
  local out, i = {}, 1
  local function blank(from, to)
    out[#out + 1] = text:sub(from, to):gsub("[^\n]", " ")
  end
  while i <= #text do
    local s = text:find("[\"'/]", i)
    if not s then
      break
    end
    out[#out + 1] = text:sub(i, s - 1)
    local two, e = text:sub(s, s + 1), nil
    if two == "/*" then
      e = select(2, text:find("*/", s + 2, true)) or #text
    elseif two == "//" then
      e = (text:find("\n", s, true) or #text + 1) - 1
    elseif text:sub(s, s) ~= "/" then
      local close = text:sub(s, s)
      e = s + 1
      while e < #text and text:sub(e, e) ~= close do
        e = e + (text:sub(e, e) == "\\" and 2 or 1)
      end
    end
    if e then
      blank(s, e)
    else
      out[#out + 1], e = "/", s
    end
    i = e + 1
  end
  out[#out + 1] = text:sub(i)
  return table.concat(out)
end

---One result. Findings are what broke the rule, `file:line: what`.
---@param name string the rule, as a claim
---@param findings string[]
function M.rule(name, findings)
  count = count + 1
  print(("%sok %d - %s"):format(#findings > 0 and "not " or "", count, name))
  for _, finding in ipairs(findings) do
    print("#   " .. finding)
  end
  if #findings > 0 then
    failed = failed + 1
  end
end

---The plan; ends the program.
function M.done()
  print("1.." .. count)
  os.exit(failed == 0, true)
end

return M
