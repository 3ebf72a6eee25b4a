-- Who may include whom: every #include outside of the rules is printed with file, line and rule; the status is 1.
--
--     lua5.4 tests/layout.lua "NAME: USES ...: SHARES ..." ...     run at the top of the checkout
--
-- One argument a chapter, in the book's order: its name, the chapters that it uses, and which of its files, besides
-- NAME.h, later chapters may include (without .h).
--
-- 1. A file of common/ includes what its own room has, and the rooms below it.
-- 2. A chapter's file includes common/, but no tool; its own files; and of a chapter that it uses, which stands
--    earlier in the book, NAME/NAME.h and what that shares.
-- 3. Includes name the file from common/ or chapters/: "nets/tensor.h", "rnn/rnn.h".
-- 4. A header's guard is its name: TENSOR_H; in a chapter RNN_H, RNN_TASKS_H. No two are equal.
-- 5. What a chapter's header declares begins with the chapter's name: rnn_forward.

-- The rooms of common/ that each may include, besides itself.
local ROOMS = {
  frame = { 'nets', 'data', 'numbers', 'files' },
  nets = { 'data', 'numbers', 'files' },
  data = { 'numbers', 'files' },
  numbers = { 'files' },
  files = {},
  checker = { 'numbers', 'files' },
  press = {},
}
local FOR_CHAPTERS = { 'frame', 'nets', 'data', 'numbers', 'files' }

local problems = 0
local function problem(path, line, text)
  print(('%s:%d: %s'):format(path, line, text))
  problems = problems + 1
end

local function set(list)
  local s = {}
  for _, x in ipairs(list) do
    s[x] = true
  end
  return s
end

local chapters = {} -- name -> its place in the book, what it uses, what it shares
for place, text in ipairs(arg) do
  local name, uses, shares = text:match('^([%w_]+):([^:]*):([^:]*)$')
  if not name then
    io.stderr:write('layout.lua: "' .. text .. '": expected "NAME: USES ...: SHARES ..."\n')
    os.exit(2)
  end
  local function words(list)
    local all = {}
    for word in list:gmatch('%S+') do
      all[#all + 1] = word
    end
    return set(all)
  end
  chapters[name] = { place = place, uses = words(uses), shares = words(shares) }
end
for name, chapter in pairs(chapters) do
  for used in pairs(chapter.uses) do
    if not chapters[used] or chapters[used].place >= chapter.place then
      problem('chapters/' .. name .. '/chapter.mk', 1, 'USES ' .. used .. ', which is no earlier chapter')
    end
  end
end

-- Why a file of room or chapter `from` may not include `path`, or nil.
local function refused(from, path)
  local folder, file = path:match('^([%w_]+)/(.*)$')
  if not folder then
    return 'expected the folder, too: "FOLDER/' .. path .. '"'
  elseif ROOMS[from] then
    if ROOMS[folder] and (folder == from or set(ROOMS[from])[folder]) then
      return nil
    end
    return ('room %s includes %s; expected its own room%s'):format(from, path,
      #ROOMS[from] > 0 and ' or ' .. table.concat(ROOMS[from], ', ') or '')
  elseif folder == from or set(FOR_CHAPTERS)[folder] then
    return nil
  elseif ROOMS[folder] then
    return 'a chapter includes ' .. path .. ', of a tool; expected ' .. table.concat(FOR_CHAPTERS, ', ')
  end
  local used = chapters[folder]
  if not used then
    return 'there is no room or chapter ' .. folder
  elseif used.place > chapters[from].place then
    return ('chapter %s comes before %s'):format(from, folder)
  elseif not chapters[from].uses[folder] then
    return ('%s does not use %s; expected it in USES of chapters/%s/chapter.mk'):format(from, folder, from)
  elseif file ~= folder .. '.h' and not used.shares[file:gsub('%.h$', '')] then
    return ('%s is private to %s; expected %s/%s.h, or it in SHARES of chapters/%s/chapter.mk'):format(
      path, folder, folder, folder, folder)
  end
end

local guards = {}
local function check_guard(path, line, guard)
  local folder, name = path:match('([%w_]+)/([%w_]+)%.h$')
  local chapter = path:match('^chapters/([%w_]+)/')
  local wanted = ((chapter and name ~= chapter and chapter .. '_' or '') .. name):upper() .. '_H'
  if guard ~= wanted then
    problem(path, line, ('guard %s; expected %s'):format(guard, wanted))
  end
  if guards[guard] then
    problem(path, line, ('guard %s stands in %s, too'):format(guard, guards[guard]))
  end
  guards[guard] = path
end

local function check(path)
  local top, from = path:match('^(%w+)/([%w_]+)/')
  if top == 'chapters' and not chapters[from] then
    return -- a folder that is not in the book's list yet
  end
  local number, guarded = 0, not path:match('%.h$')
  for line in io.lines(path) do
    number = number + 1
    local include = line:match('^%s*#%s*include%s*"([^"]*)"')
    local why = include and refused(from, include)
    if why then
      problem(path, number, why)
    end
    local guard = not guarded and line:match('^#ifndef%s+([%w_]+)')
    if guard then
      guarded = true
      check_guard(path, number, guard)
    end
    local declared = top == 'chapters' and path:match('%.h$') and not line:match('^static ') and
      not line:match('^typedef ') and line:match('^%a[%w_ *]-[ *]([%a_][%w_]*)%(')
    if declared and declared:sub(1, #from + 1) ~= from .. '_' then
      problem(path, number, ('%s; expected a name that begins with %s_'):format(declared, from))
    end
  end
  if not guarded then
    problem(path, 1, 'no include guard')
  end
end

for path in io.popen("find common chapters -name '*.[ch]' | LC_ALL=C sort"):lines() do
  check(path)
end
os.exit(problems == 0 and 0 or 1)
