-- Every citation has a source, every source is cited, and its links are well formed: a line for each that is not so.
--
--     lua5.4 tests/citations.lua TEXT.md ...     the texts, at the top of the checkout; status 1 where there is a finding
--     lua5.4 tests/citations.lua --defects       that each check finds the defect that it is for
--
-- A source that the text does not name is further reading, and its item says "Further reading". A source has a link to a DOI or
-- an open copy, or is a book with an ISBN or a report that never had either; one work has one link in all texts.

package.path = arg[0]:match('^(.-)[^/]*$') .. '../common/press/?.lua;' .. package.path
local sources = require 'sources'

local findings = 0
local say = print
local link_of = {} -- a title's link, and where it stands

local function finding(place, format, ...)
  findings = findings + 1
  say(place .. ': ' .. format:format(...))
end

-- A link to what a source says it is, or what is wrong with it.
local function wrong_link(url, year)
  if not url:match('^https://[%w-]+%.[%w.-]+/') or url:match('%s') then
    return 'expected an address https://...'
  elseif url:match('arxiv%.org') then
    local first, month = url:match('^https://arxiv%.org/abs/(%d%d)(%d%d)%.%d%d%d%d%d?$')
    if not first then
      first, month = url:match('^https://arxiv%.org/abs/[%a.-]+/(%d%d)(%d%d)%d%d%d$')
    end
    if not first or tonumber(month) < 1 or tonumber(month) > 12 then
      return 'expected https://arxiv.org/abs/NUMBER'
    elseif year and 2000 + tonumber(first) > tonumber(year) then
      return 'its number is of a later year than the source, ' .. year
    end
  elseif url:match('doi%.org') and not url:match('^https://doi%.org/10%.%d%d%d%d+/%S+$') then
    return 'expected https://doi.org/10.NUMBER/NAME'
  end
end

-- The paragraphs of the text outside of fences and of its sources, each with its first line's number.
local function paragraphs(lines)
  local list, fence, inside = {}, nil, true
  for number, line in ipairs(lines) do
    local mark = line:match('^%s*(```+)')
    if mark and (not fence or #mark >= #fence) then
      fence = not fence and mark or nil
    elseif not fence then
      if line:match('^## ') then
        inside = not line:match('^## Sources')
      end
      line = inside and line:gsub('<!%-%-.-%-%->', '') or ''
      if line:match('^%s*$') or line:match('^[|#]') or line:match('^%s*[-*%d]+%.? ') then
        list[#list + 1] = { number = number, text = line }
      elseif #list > 0 then
        list[#list].text = list[#list].text .. ' ' .. line:gsub('^%s+', '')
      end
    end
  end
  return list
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch('[^\n]*') do
    lines[#lines + 1] = line
  end
  return lines
end

local function read(path)
  local file = assert(io.open(path))
  local lines = lines_of(file:read('a'))
  file:close()
  return lines
end

local function check(path, lines)
  local chapter, name = path:match('^chapters/([^/]+)/([^/]+)%.md$')
  local list, cited = sources.read(lines), {}
  if chapter ~= name then -- a chapter's other texts cite its sources
    list = sources.read(read('chapters/' .. chapter .. '/' .. chapter .. '.md'))
  end
  local whole = {}
  for _, paragraph in ipairs(paragraphs(lines)) do
    whole[#whole + 1] = paragraph.text
    for _, at in ipairs(sources.cited(paragraph.text, list)) do
      if at.source then
        cited[at.source] = true
      else
        finding(path .. ':' .. paragraph.number, '"%s": %s', paragraph.text:sub(math.max(at.first - 40, 1), at.last), at.problem)
      end
    end
  end
  whole = ' ' .. table.concat(whole, ' ') .. ' '
  for _, source in ipairs(chapter == name and list or {}) do
    local place = path .. ':' .. source.line
    local plain = source.text:gsub('%[([^%]]*)%]%b()', '%1')
    local name = source.name or plain:match('^[%w_/-]+')
    local named = name and whole:find('%f[%w]' .. name:gsub('%p', '%%%0') .. '%f[^%w]')
    if not cited[source] and (source.is_person or not named) and not source.text:find('Further reading', 1, true) then
      finding(place, 'no citation of "%s"; expected one, or "Further reading" behind it', plain:sub(1, 60))
    end
    local has_link = false
    for title, url in source.text:gmatch('%[([^%]]*)%]%(([^)]*)%)') do
      has_link = true
      local wrong = wrong_link(url, source.year)
      if wrong then
        finding(place, '%s: %s', url, wrong)
      elseif link_of[title] and link_of[title].url ~= url then
        finding(place, '%s: "%s" has another link at %s, %s', url, title, link_of[title].place, link_of[title].url)
      end
      link_of[title] = link_of[title] or { url = url, place = place }
    end
    if not has_link and not source.text:find('ISBN', 1, true) and not source.text:lower():find('report', 1, true) then
      finding(place, 'no link in "%s"; expected one to a DOI or an open copy, or an ISBN, or the number of a report', plain:sub(1, 60))
    end
  end
end

-- ---- Each check is seen to fail

local RIGHT = [[
# A text

It grows (Author 2020), as Author and van Other (2019) say; van Other et al. 2021a, and Ann et
al. (2018, 2022) said more of VOC 2007 and of June 2023. Library says so, too.

## Sources

- A. Author: [One](https://arxiv.org/abs/1912.00001), 2020. Section 2.
- A. Author, B. van Other: [Two](https://doi.org/10.1000/x), 2019.
- B. van Other, C. Third, D. Fourth: [Three](https://example.org/three), 2021 (a).
- B. van Other, C. Third, D. Fourth: [Four](https://example.org/four), 2021 (b). Further reading.
- E. Ann et al.: [Five](https://arxiv.org/abs/math-ph/0609050), 2018.
- E. Ann et al.: Six,
  2022. ISBN 1-2.
- [Library's manual](https://example.org/manual), of functions.
]]

local DEFECTS = {
  { 'Author 2020', 'Author 2021', 'no source has these authors and this year' },
  { 'Author 2020', 'Author et al. 2020', 'no source has these authors and this year' },
  { 'van Other et al. 2021a', 'van Other et al. 2021', '2 sources fit' },
  { '(Author 2020)', 'here', 'no citation of "A. Author: One' },
  { '(2018, 2022)', '(2018)', 'no citation of "E. Ann et al.: Six' },
  { ' Further reading.', '', 'no citation of "B. van Other, C. Third, D. Fourth: Four' },
  { 'Library says', 'It says', 'no citation of "Library' },
  { ' ISBN 1-2.', '', 'no link in "E. Ann et al.: Six' },
  { 'https://example.org/three', 'http://example.org/three', 'expected an address https://' },
  { '1912.00001', '1912.001', 'expected https://arxiv.org/abs/NUMBER' },
  { '1912.00001', '1913.00001', 'expected https://arxiv.org/abs/NUMBER' },
  { '1912.00001', '2112.00001', 'of a later year than the source' },
  { 'abs/1912', 'pdf/1912', 'expected https://arxiv.org/abs/NUMBER' },
  { '10.1000/x', 'x', 'expected https://doi.org/10.NUMBER/NAME' },
  { '[Four]', '[Three]', 'has another link' },
}

local function defects()
  local failed = 0
  local function run(text)
    local said = {}
    say, link_of = function(line) said[#said + 1] = line end, {}
    check('text.md', lines_of(text))
    say = print
    return said
  end
  local said = run(RIGHT)
  if #said > 0 then
    failed = failed + 1
    print('a right text has a finding: ' .. said[1])
  end
  for _, defect in ipairs(DEFECTS) do
    local right, wrong, finds = table.unpack(defect)
    local first, last = RIGHT:find(right, 1, true)
    said = run(RIGHT:sub(1, first - 1) .. wrong .. RIGHT:sub(last + 1))
    if not table.concat(said, '\n'):find(finds, 1, true) then
      failed = failed + 1
      print(('"%s" in place of "%s": expected the finding "%s", got %s'):format(wrong, right, finds, said[1] or 'none'))
    end
  end
  os.exit(failed == 0)
end

if arg[1] == '--defects' then
  defects()
end
for _, path in ipairs(arg) do
  check(path, read(path))
end
os.exit(findings == 0)
