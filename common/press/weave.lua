-- The weaver fills the code, tables, numbers and the list of chapters in a text from where they come.
--
--     lua5.4 common/press/weave.lua [--check] [--chapters "rnn transformer ..."] [--book OUT] FILE.md ...
--
-- It runs at the top of the checkout and fills each text in place. With --check it changes nothing and prints what is
-- wrong. With --book it writes the filled text to OUT for pandoc, its fences with source="PATH:FIRST-LAST ...".
-- Exit status 1 means that --check found something, 2 that a text cannot be woven.
-- A text chapters/x/x.md is a chapter's; the chapter's method is x.h and x.c beside it.
--
-- Code. A fence with the info string `c` and a name shows definitions:
--
--     ```c name=rope_rotate                  of its *.[ch] and figures/*.c; name=a,b shows two
--     ```c file=common/nets/ops.h name=t_softmax  of a file, from the top of the checkout or beside it
--
-- The C is as clang-format writes it. A definition begins at column 0, or with the // lines directly above, and ends
-- with the line that closes it. Its names are those of the function, variables, typedef, tag, enumerators or macro.
-- No definitions are prototypes, also those by a type of functions (`static backward_fn f, g;`), extern, `struct x;`,
-- `typedef struct x x;` and macros without a value. Only one definition of what is searched may have the name.
--
-- Tables. The path is relative to the text; what follows it may be left out. Integers and words stay as they are,
-- other numbers get 4 or `digits` digits. In the same way a list of the chapters, of --chapters "[PART] rnn ... [PART]
-- ...", stands below `<!-- chapters -->`:
-- the title of each text, and its first sentence, which may be a subtitle in italics.
--
--     <!-- table: reference/claims.tsv columns=id,measured rows=a,b digits=3 -->    rows=lstm* begin so
--     <!-- end -->
--
-- Numbers. The number or word directly before the comment, perhaps inside ( ) ** $ or `, is the cell in the row with
-- ROW in its first column. COLUMN may be left out in claims.tsv, it is `measured`. FORMAT may be left out, or is
-- %.Ne, %.Nf, %.Ng or percent: times 100, with one decimal.
--
--     it rises in 113<!-- reference/claims.tsv: ROW COLUMN FORMAT --> of 250 steps
--
-- --check prints what differs, definitions of its method that a chapter's text does not show, and
-- - links to files or headings that do not exist. A link's target has a dot, a slash or a #, so that f[i](x) is none;
-- - figures plots/x/NAME.svg without "NAME.svg" in plots/x.gp; in a chapter's text also those of which it neither
--   shows a definition of chapters/x/figures/NAME.c nor links this file. Drawings of a method, drawing-*.svg, need no
--   such file, nor do the figures of a chapter without a folder figures/;
-- - a book.md that does not link the chapters in their order.

local options, problems = {}, 0 -- the values of check, chapters, book; how many problems --check has found
local text -- at work: its path, folder, chapter or nil, lines, line; shown, the set of its definitions and files

local function fail(format, ...)
  io.stderr:write(format:format(...), '\n')
  os.exit(2)
end

-- Ends the program because the line at work is unusable.
local function stop(format, ...)
  fail('%s:%d: ' .. format, text.path, text.line, ...)
end

local function problem(path, line, format, ...)
  print(('%s:%d: ' .. format):format(path, line, ...))
  problems = problems + 1
end

-- ---- Lists, files and lines

-- The list of what the iterator gives, or of what f makes of it.
local function collect(iterator, f)
  local list = {}
  for one in iterator do list[#list + 1] = f and f(one) or one end
  return list
end

-- A set keeps what has a name, and false under a name that two have.
local function add(set, name, x) set[name] = set[name] == nil and x end

local function get(set, name, place)
  if set[name] == nil then stop("there is no '%s' in %s", name, place) end
  return set[name] or stop("'%s' stands twice in %s; expected it once", name, place)
end

-- A function of a path that is computed once for each.
local function once(f)
  local known = {}
  return function(path)
    known[path] = known[path] or f(path)
    return known[path]
  end
end

local function exists(path)
  local file = io.open(path)
  return file and file:close()
end

-- The lines of a file; behind a final newline there is an empty one.
local read = once(function(path)
  local file = io.open(path, 'rb')
  local bytes = file and file:read('a') or stop('there is no file %s', path)
  file:close()
  return collect(bytes:gmatch('[^\n]*'))
end)

-- The file appears under its name when it is complete.
local function write(path, bytes)
  local file = io.open(path .. '.part', 'wb')
  if not (file and file:write(bytes) and file:close() and os.rename(path .. '.part', path)) then
    os.remove(path .. '.part')
    fail('%s: cannot be written', path)
  end
end

-- The path of a link that is written relative to the text.
local function resolve(link)
  local folder = text.folder
  while link:find('^%.%./') and folder ~= '' do
    folder, link = folder:match('^(.-)[^/]*/$'), link:sub(4)
  end
  return folder .. link
end

-- The backticks with which a fence begins in this line, or nil.
local function fence(line) return line:match('^ ? ? ?(```+)[^`]*$') end

-- The number of the line that closes the fence, or the table or list, of line `first`.
local function closing(path, first)
  local lines, ticks = read(path), fence(read(path)[first])
  for i = first + 1, #lines do
    local close = lines[i]:match(ticks and '^ ? ? ?(`+) *$' or '^<!%-%- .*')
    if close and close:find(ticks or '<!-- end -->', 1, true) then return i elseif close and not ticks then break end
  end
  fail('%s:%d: what begins here has no end; expected %s below', path, first, ticks or '<!-- end -->')
end

-- The lines of a text, those of fences empty.
local prose = once(function(path)
  local lines = table.move(read(path), 1, #read(path), 1, {})
  for i, line in ipairs(lines) do
    for k = i, fence(line) and closing(path, i) or 0 do lines[k] = '' end
  end
  return lines
end)

-- ---- Definitions

-- The set of names that code defines, which is empty where it is no definition.
local function names_of(code)
  local names, macro, value = {}, code:match('^#define ([%w_]+)(.*)')
  if macro and value:gsub('^%b()', ''):find('%S') then names[macro] = true end
  -- Without attributes, and of brackets only the first; the name in (*name) stands outside.
  local flat = code:gsub('%f[%w_]_[%w_]+%b()', ''):gsub('%b{}', '{'):gsub('%b()', function(inside)
    return inside:find('^%(%*') and inside:match('[%w_]+') .. '[' or '('
  end):gsub('%b[]', '['):gsub('=[^,;]*', '=')
  local kind, is_typedef = flat:gsub('^typedef ', '')
  if code:find('^#') or not flat:find('[{=]') and (kind:find('^struct ') or kind:find('^union ') or
      kind:find('^extern ') or is_typedef == 0 and (kind:find('_fn ') or kind:find('[%w_]%('))) then
    return names
  end
  for name in flat:gmatch('([%w_]+)%s*[%(%[{=,;]') do names[name] = true end
  local enumerators = kind:find('^enum ') and code:match('%b{}') or ''
  for name in enumerators:gsub('%b()', ''):gmatch('[{,]%s*([%w_]+)') do names[name] = true end
  return names
end

-- The definitions of a source in order.
local definitions = once(function(path)
  local lines, found, i = read(path), {}, 1
  -- Without comments, the insides of strings, and the ends of what stands inside of braces.
  local code = table.concat(lines, '\n'):gsub('\\[^\n]', ''):gsub('(["\'])[^\n]-%1', '%1%1'):gsub(' *//[^\n]*', '')
  code = code:gsub('%b{}', function(block) return '{' .. block:sub(2, -2):gsub('[;{}]', ' ') .. '}' end)
  code = collect(code:gmatch('[^\n]*'))
  while i <= #lines do
    local first = i
    while i < #lines and lines[i]:find('^//') do i = i + 1 end
    if lines[i]:find('^%S') then
      local begin, ending = i, lines[i]:find('^#') and '[^\\]$' or '[;}]$'
      while i < #lines and not code[i]:find(ending) do i = i + 1 end
      local names = names_of(table.concat(code, '\n', begin, i))
      if next(names) then found[#found + 1] = { path = path, first = first, last = i, names = names } end
    end
    i = i + 1
  end
  return found
end)

-- The definitions of a source, or of those in a chapter's folder, by name.
local named = once(function(place)
  local set, sources = {}, ('ls "%s"*.[ch] "%s"figures/*.c 2>/dev/null'):format(place, place)
  for _, path in ipairs(place:find('/$') and collect(io.popen(sources):lines()) or { place }) do
    for _, d in ipairs(definitions(path)) do
      for name in pairs(d.names) do add(set, name, d) end
    end
  end
  return set
end)

-- ---- What is filled in: each function gives the head, the body, and for --check what it is and its source

local function weave_fence(head)
  local names, file = head:match(' name=(%S+)'), head:match(' file=(%S+)')
  if not names and not file then return end
  if not (head:find('^`+c ') and names and (file or text.chapter)) then
    stop("expected ```c name=NAME at column 0, and file=PATH where the text is no chapter's")
  end
  local place = not file and text.folder or exists(file) and file or resolve(file)
  local code, places = {}, {}
  for name in (names .. ','):gmatch('([^,]*),') do
    local d = get(named(place), name, place)
    text.shown[d], text.shown[d.path] = true, true
    code[#code + 1] = table.concat(read(d.path), '\n', d.first, d.last)
    places[#code] = ('%s:%d-%d'):format(d.path, d.first, d.last)
  end
  if options.book then head = ('%s {.c source="%s"}'):format(fence(head), table.concat(places, ' ')) end
  return head, table.concat(code, '\n\n'), 'fence ' .. names, places[1]:match('(.*)%-')
end

-- A table: its header, and the numbers of its columns and its rows in order and by name, a row's being its first cell.
local read_table = once(function(path)
  local t = { path = path, columns = {}, rows = {} }
  for i, line in ipairs(read(path)) do
    local row = collect(line:gmatch('[^\t]*'))
    if i == 1 then
      t.header = row
      for c, name in ipairs(row) do t.columns[c] = c; add(t.columns, name, c) end
    elseif line ~= '' then
      if #row ~= #t.header then fail('%s:%d: %d columns, the header has %d', path, i, #row, #t.header) end
      t.rows[#t.rows + 1] = row
      add(t.rows, row[1], row)
    end
  end
  return t
end)

local function is_format(word) return word == 'percent' or word:find('^%%%.%d%d?[efg]$') end
local function to_number(cell) return cell:find('^[%d+.eE-]+$') and tonumber(cell) end

-- A cell as a text shows it: numbers, with integers or without, by the format, and 1.5e-07 as 1.5e-7; else as it is.
local function show(cell, format, integers)
  local number = to_number(cell)
  if not number or not integers and not cell:find('[.eE]') then return cell end
  if format == 'percent' then number, format = number * 100.0, '%.1f' end
  return (format:format(number):gsub('e(%-?)%+?0*(%d)', 'e%1%2'))
end

local function weave_table(head)
  local t = read_table(resolve(head:match('table: (%S*)')))
  local function pick(set, list)
    return list and collect(list:gmatch('[^,]+'), function(name) return get(set, name, t.path) end) or set
  end
  local format = '%.' .. (head:match(' digits=(%S+)') or 4) .. 'g'
  if not is_format(format) then stop('%s: expected digits=N, with N from 1 to 99', head) end
  local wanted, rows = head:match(' rows=(%S+)'), nil
  if wanted and wanted:find('%*$') then -- those whose first cell begins so
    rows = {}
    for _, row in ipairs(t.rows) do
      if row[1]:sub(1, #wanted - 1) == wanted:sub(1, -2) then rows[#rows + 1] = row end
    end
    if not rows[1] then stop("no row of %s begins with '%s'", t.path, wanted:sub(1, -2)) end
  end
  rows = rows or pick(t.rows, wanted)
  local body = { '', '|', '|' }
  for _, c in ipairs(pick(t.columns, head:match(' columns=(%S+)'))) do
    body[2] = body[2] .. ' ' .. t.header[c]:gsub('|', '\\|'):gsub('_', ' ') .. ' |'
    body[3] = body[3] .. (rows[1] and to_number(rows[1][c]) and '--:|' or '---|') -- numbers stand on the right
    for i, row in ipairs(rows) do
      body[3 + i] = (body[3 + i] or '|') .. ' ' .. show(row[c], format):gsub('|', '\\|') .. ' |'
    end
  end
  return head, table.concat(body, '\n') .. '\n', 'table', t.path
end

local function text_of(chapter) return ('chapters/%s/%s.md'):format(chapter, chapter) end

-- The texts in the order of --chapters, which may have titles of parts in brackets.
local function texts() return collect((options.chapters or ''):gsub('%b[]', ''):gmatch('%S+'), text_of) end

-- The title of a text and the first sentence of its first paragraph, which may be in italics.
local function title_and_sentence(path)
  local title, paragraph = table.concat(read(path), '\n'):match('^# ([^\n]+)\n\n(.-)\n\n')
  local sentence = title and paragraph:gsub('\n', ' '):gsub('^%*([^*]+)%*$', '%1'):match('^.-[.?!]%f[%s\0]')
  if not sentence then stop('%s: expected "# TITLE", an empty line, and a paragraph with a sentence', path) end
  return title, sentence
end

local function weave_chapters(head)
  if not options.chapters then stop('a list of chapters needs the option --chapters') end
  local list, number, part = {}, 0, 0
  for title, names in ('[]' .. options.chapters):gmatch('%[([^%]]*)%]([^%[]*)') do
    if title ~= '' then
      part = part + 1
      list[#list + 1] = ('%s**Part %d: %s**\n\n'):format(number > 0 and '\n' or '', part, title)
    end
    for path in names:gsub('%S+', text_of):gmatch('%S+') do
      local name, sentence = title_and_sentence(path)
      number = number + 1
      list[#list + 1] = ('%d. [%s](%s%s): %s\n'):format(number, name, text.folder:gsub('[^/]+', '..'), path, sentence)
    end
  end
  return head, '\n' .. table.concat(list), 'list of chapters', "the chapters' texts"
end

-- What stands before a number's comment, with the number filled in.
local function weave_number(before, comment)
  local link, rest = comment:match('^<!%-%-%s*([^ :]+):(.*)%-%->')
  local words = collect((rest or ''):gmatch('%S+'))
  local format = #words > 1 and is_format(words[#words]) and table.remove(words)
  if #words == 1 and link:find('claims.tsv', 1, true) then words[2] = 'measured' end
  if #words ~= 2 then
    stop('expected <!-- FILE.tsv: ROW COLUMN FORMAT -->, where FORMAT is %%.Ne, %%.Nf, %%.Ng, percent or left out')
  end
  local t = read_table(resolve(link))
  local cell = get(t.rows, words[1], t.path)[get(t.columns, words[2], t.path)]
  local value, place = show(cell, format or '%.4g', format), t.path .. ': ' .. table.concat(words, ' ')
  local start, old, brackets = before:match('^(.-)([%w+._-]+)([*$`)]*)$')
  if not value:find('^[%w+._-]+$') then stop("%s is '%s'; expected a number or one word", place, value) end
  if not old then stop('expected a number directly before the comment') end
  if options.check and old ~= value then
    problem(text.path, text.line, '%s differs from %s = %s', old, place, value)
  end
  return start .. value .. brackets
end

local function weave_line(line)
  if line:gsub('<!%-%-.-%-%->', ''):find('<!--', 1, true) then
    stop('a comment ends with --> in the line where it begins')
  end
  return (line:gsub('([^<]*)(<!%-%-.-%-%->)', function(before, comment)
    return (comment:find('.tsv', 1, true) and weave_number(before, comment) or before) .. comment
  end))
end

-- The filled text.
local function weave()
  local lines, woven, i = text.lines, {}, 1
  while i <= #lines do
    local line, last = lines[i], i
    local fill = fence(line) and weave_fence or line:find('^<!%-%- table: ') and weave_table or
      line == '<!-- chapters -->' and weave_chapters
    text.line = i
    if line == '<!-- end -->' then stop('no table or list ends here; expected its beginning above') end
    if fill then
      last = closing(text.path, i)
      local head, body, what, where = fill(line)
      local old = table.concat(lines, '\n', i + 1, last - 1)
      if options.check and body and body ~= old then problem(text.path, i, '%s differs from %s', what, where) end
      woven[#woven + 1] = body and table.concat({ head, body, lines[last] }, '\n') or table.concat(lines, '\n', i, last)
    else
      woven[#woven + 1] = line:find('<!--', 1, true) and weave_line(line) or line
    end
    i = last + 1
  end
  return table.concat(woven, '\n')
end

-- ---- What only --check looks for

-- The set of anchors that GitHub gives the headings of a text: of a link its text; no dashes, quotes, punctuation.
local anchors = once(function(path)
  local found, equal = {}, {}
  for _, line in ipairs(prose(path)) do
    local heading = (line:match('^#+ +(.*)') or ''):gsub('%]%([^)]*%)', ''):gsub('\xe2\x80.', '')
    local anchor = heading:gsub('[^%w\x80-\xff_ -]', ''):gsub(' ', '-'):lower()
    found[equal[anchor] and anchor .. '-' .. equal[anchor] or anchor] = true
    equal[anchor] = (equal[anchor] or 0) + 1
  end
  return found
end)

local function check()
  local figures = {} -- for when all links are known
  local front = text.path == 'book.md' and texts() or {}
  for i, line in ipairs(prose(text.path)) do
    line = line:gsub('<img src="([^"]*)"', '![](%1)')
    for link in line:gmatch('%]%(([^) ]+)') do
      local path, anchor = link:match('^([^#]*)#?(.*)$')
      path = path == '' and text.path or resolve(path)
      text.shown[path] = true
      if path == front[1] then table.remove(front, 1) end
      local is_ours = link:find('[./#]') and not link:find('^%a+:')
      if is_ours and not exists(path) then
        problem(text.path, i, 'dead link: there is no file %s', path)
      elseif is_ours and anchor ~= '' and not anchors(path)[anchor] then
        problem(text.path, i, 'dead link: no heading of %s gives #%s', path, anchor)
      end
    end
    for chapter, name in line:gmatch('!%[.-%]%([./]*plots/([^/]+)/([^) ]+)%.svg') do
      figures[#figures + 1] = { line = i, chapter = chapter, name = name }
    end
  end
  if front[1] then problem(text.path, 1, 'expected a link to %s, in the order of --chapters', front[1]) end
  for _, f in ipairs(figures) do
    local rules, folder = 'plots/' .. f.chapter .. '.gp', 'chapters/' .. f.chapter .. '/figures'
    local code, quoted = folder .. '/' .. f.name .. '.c', '[/"\']' .. f.name:gsub('%p', '%%%0') .. '%.svg["\']'
    if not exists(rules) or not table.concat(read(rules)):find(quoted) then
      problem(text.path, f.line, 'figure %s has no rule; expected "%s.svg" in %s', f.name, f.name, rules)
    end
    if text.chapter and not f.name:find('^drawing%-') and exists(folder) and not text.shown[code] then
      problem(text.path, f.line, 'figure %s is shown without a definition of %s or a link to it', f.name, code)
    end
  end
  for _, ending in ipairs(text.chapter and { '.h', '.c' } or {}) do
    local path = text.folder .. text.chapter .. ending
    for _, d in ipairs(exists(path) and definitions(path) or {}) do
      if not text.shown[d] then problem(path, d.first, '%s does not show: %s', text.path, read(path)[d.first]) end
    end
  end
end

-- ---- The command line

local usage = 'usage: weave.lua [--check] [--chapters LIST] [--book OUT] FILE.md ...'
while (arg[1] or ''):find('^%-%-') do
  local name = table.remove(arg, 1):sub(3)
  options[name] = name == 'check' or (name == 'chapters' or name == 'book') and table.remove(arg, 1) or
    fail('--%s: unknown option, or its value is missing; %s', name, usage)
end
if not arg[1] or options.book and (options.check or arg[2]) then
  fail('expected texts, with --book one text and no --check; %s', usage)
end
for _, path in ipairs(arg) do
  text = { path = path, folder = path:match('^.*/') or '', line = 1, shown = {} }
  text.chapter = path:match('/([^/]+)/%1%.[^/]*$')
  text.lines = read(path)
  local woven = weave()
  if options.check then
    check()
  elseif options.book or woven ~= table.concat(text.lines, '\n') then
    write(options.book or path, woven)
  end
end
os.exit(problems == 0)
