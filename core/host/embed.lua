-- Writes the C file that holds what the interpreter carries: arg[1] is the root folder, the rest are the
-- files. A Lua source goes by its module's name, any other file by its path. A source is carried twice: as
-- text, and compiled, which loads in a fraction of the time and keeps all that tracebacks tell.

local root <const> = arg[1]

local function name_of(path)
  local name, count = path:sub(#root + 2):gsub("%.lua$", "")
  if count == 0 then
    return name
  end
  return (name:gsub("/", "."):gsub("%.init$", ""))
end

local function bytes_of(text)
  local lines, line = {}, {}
  for i = 1, #text do
    line[#line + 1] = text:byte(i)
    if #line == 24 then
      lines[#lines + 1] = table.concat(line, ",")
      line = {}
    end
  end
  lines[#lines + 1] = table.concat(line, ",")
  return table.concat(lines, ",\n")
end

local function print_bytes(name, text)
  print(("static const unsigned char %s[] = {\n%s};\n"):format(name, #text > 0 and bytes_of(text) or "0"))
end

print('#include "host/embed.h"\n')
local rows = {}
for i = 2, #arg do
  local file <close> = assert(io.open(arg[i], "rb"))
  local text = file:read("a")
  local path = arg[i]:sub(#root + 2)
  local code = path:find("%.lua$") and string.dump(assert(load(text, "@" .. path, "t"))) or ""
  print_bytes("text_" .. i, text)
  print_bytes("code_" .. i, code)
  rows[#rows + 1] = ('  {"%s", "@%s", (const char *)text_%d, %d, (const char *)code_%d, %d},'):format(
    name_of(arg[i]), path, i, #text, i, #code)
end
rows[#rows + 1] = "  {0, 0, 0, 0, 0, 0}};"
print("const struct mc_embedded mc_embedded[] = {\n" .. table.concat(rows, "\n"))
