-- Damaged texts, tables and files of C: the weaver weaves them, or refuses them with status 1 or 2 and no error of Lua.
--
--     lua5.4 tests/fuzz/weave.lua RUNS       in a copy of the checkout, whose chapter td it damages; `make fuzz` runs it
--
-- What is found is left in the copy: the damaged file under its name with .found.
local runs, state = tonumber(arg[1]), 1
local VICTIMS = { "chapters/td/td.md", "chapters/td/td.md", "chapters/td/td.md", "chapters/td/reference/claims.tsv",
  "chapters/td/td.c", "chapters/td/td.h" }
local PIECES = { "<!-- table: ", "<!-- end -->", "<!-- chapters -->", "<!--", "-->", "```", "```c name=", "name=,", "file=../../../etc/passwd",
  "rows=", "columns=", "digits=-1", "digits=99", "reference/claims.tsv: ", "percent", "%", "%d%s", "%.99999f", "nan", "inf", "1e999",
  "/*", "*/", '"', "'", "\\", "#define A(", "{", "}", "(", "[", "<details>", "\t", "\n", "\r\n", "\0", "\xff\xfe" }

-- From 1 to n.
local function random(n)
  state = state * 6364136223846793005 + 1442695040888963407
  return (state >> 33) % n + 1
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

local function write(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
end

-- Where the weaver looks: its comments and fences.
local function marked_place(s)
  local places = {}
  for _, mark in ipairs { "()<!%-%- ", "()```c " } do
    for place in s:gmatch(mark) do places[#places + 1] = place end
  end
  return #places > 0 and places[random(#places)] + random(40) or random(#s + 1)
end

local function damaged(s)
  for _ = 1, random(4) do
    local how, at = random(6), random(#s + 1)
    if how == 1 then s = s:sub(1, at - 1) .. PIECES[random(#PIECES)] .. s:sub(at)
    elseif how == 2 then s = s:sub(1, at - 1) .. s:sub(at + random(200))
    elseif how == 3 then s = s:sub(1, at)
    elseif how == 4 then s = s:sub(1, at - 1) .. string.char(random(256) - 1) .. s:sub(at + 1)
    elseif how == 5 then s = s:sub(1, at + random(300)) .. s:sub(at)
    else
      at = marked_place(s)
      s = s:sub(1, at - 1) .. PIECES[random(#PIECES)] .. s:sub(at + random(8))
    end
  end
  return s
end

local WAYS = { "--check", "--book woven.md", "" }
local right = {}
for _, path in ipairs(VICTIMS) do right[path] = read(path) end
for run = 1, runs do
  local victim, way = VICTIMS[random(#VICTIMS)], WAYS[random(#WAYS)]
  local bytes = damaged(right[victim])
  write(victim, bytes)
  local pipe = io.popen("timeout 10 lua5.4 common/press/weave.lua " .. way ..
    " --chapters '[Part] td' chapters/td/td.md 2>&1 >said; echo status $?")
  local said = pipe:read("a")
  pipe:close()
  local status = tonumber(said:match("status (%d+)\n$"))
  if status > 2 or said:find("lua5.4:", 1, true) then
    write(victim .. ".found", bytes)
    io.stderr:write(said, "weave: finding ", run, " in ", victim, ".found\n")
    os.exit(1)
  end
  for path, whole in pairs(right) do write(path, whole) end
end
print("weave: " .. runs .. " inputs, no finding")
