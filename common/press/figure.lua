-- A figure as the book's pages have it, on stdout: with a title of its own, and as small as it can be.
--
--     lua5.4 common/press/figure.lua plots/rnn/x.svg TEXT.md ...
--
-- The title, which a tab and a screen reader say, is what the first of the texts that shows the figure says of it for
-- those who do not see it, or else the figure's name. Points of curves and bands stand at tenths of a pixel, each by its distance
-- from the one before; the cells of a map that have one colour are one path. Nothing else changes.

local path = arg[1]

local function read(name)
  local file = assert(io.open(name, 'rb'))
  local text = file:read('a')
  file:close()
  return text
end

local function title()
  local name = path:match('[^/]+/[^/]+$')
  for i = 2, #arg do
    for line in io.lines(arg[i]) do
      local said = line:match('!%[(.-)%]%([./]*plots/' .. name:gsub('%p', '%%%0') .. '%)')
      if not said and line:find('plots/' .. name, 1, true) then
        said = line:match('<img [^>]*alt="([^"]*)"')
      end
      if said then
        return (said:gsub('[`$*]', ''))
      end
    end
  end
  return (name:match('([^/]+)%.svg$'):gsub('-', ' '))
end

-- A number of pixels as its tenths, and numbers of tenths as a path has them, with a blank only where it is needed.
local function tenths(number)
  return math.floor(tonumber(number) * 10 + 0.5)
end

local function joined(...)
  local all = {}
  for _, n in ipairs { ... } do
    local text = ('%.1f'):format(n / 10):gsub('%.0$', ''):gsub('^(-?)0%.', '%1.')
    all[#all + 1] = (#all == 0 or text:find('^-')) and text or ' ' .. text
  end
  return table.concat(all)
end

-- The same path with relative coordinates; a path of other commands than M, L and Z stays as it is.
local function shorter(d)
  if d:find('[^MLZ%d., \t\n-]') then
    return d
  end
  local out, x, y, start_x, start_y = {}, 0, 0, 0, 0
  local moved = false -- whether this part of the path has a line
  for command, rest in d:gmatch('(%a)([^%a]*)') do
    if command == 'Z' then
      out[#out + 1] = 'z'
      x, y = start_x, start_y
    else
      local to_x, to_y = rest:match('(-?[%d.]+),(-?[%d.]+)')
      to_x, to_y = tenths(to_x), tenths(to_y)
      if command == 'M' then
        out[#out + 1] = (#out == 0 and 'M' or 'm') .. joined(to_x - x, to_y - y)
        start_x, start_y, moved = to_x, to_y, false
      elseif to_x ~= x or to_y ~= y or not moved then
        out[#out + 1] = 'l' .. joined(to_x - x, to_y - y)
        moved = true
      end
      x, y = to_x, to_y
    end
  end
  return table.concat(out)
end

-- Cells, rectangles that follow one another, as one path a colour.
local function cells(lines)
  local order, of = {}, {}
  for _, cell in ipairs(lines) do
    if not of[cell.fill] then
      of[cell.fill] = { x = 0, y = 0 }
      order[#order + 1] = cell.fill
    end
    local part = of[cell.fill]
    local width, height = cell.to_x - cell.x, cell.to_y - cell.y
    part[#part + 1] = (#part == 0 and 'M' or 'm') .. joined(cell.x - part.x, cell.y - part.y) ..
      'h' .. joined(width) .. 'v' .. joined(height) .. 'h' .. joined(-width) .. 'z'
    part.x, part.y = cell.x, cell.y
  end
  local out = {}
  for _, fill in ipairs(order) do
    out[#out + 1] = ('<path fill="%s" d="%s"/>'):format(fill, table.concat(of[fill]))
  end
  return table.concat(out, '\n')
end

-- The cell that a line of the picture draws, or nil.
local function cell_of(line)
  local r, g, b, points = line:match("^%s*<polygon fill = 'rgb%(%s*(%d+),%s*(%d+),%s*(%d+)%)' points = '([^']*)'/>$")
  local x, y, x_2, y_2, x_3, y_3, x_4, y_4 = (points or ''):match(('(-?[%d.]+),(-?[%d.]+) '):rep(4) .. '$')
  if x_4 and x == x_4 and y == y_2 and x_2 == x_3 and y_3 == y_4 then
    return {
      fill = ('#%02x%02x%02x'):format(r, g, b), x = tenths(x), y = tenths(y), to_x = tenths(x_2), to_y = tenths(y_3),
    }
  end
end

local titles = 0 -- one for the whole; those of its curves are gnuplot's names for them
local svg = read(path):gsub('<title>[^<]*</title>', function()
  titles = titles + 1
  return titles == 1 and '<title>' .. title():gsub('&', '&amp;'):gsub('<', '&lt;') .. '</title>' or ''
end)
local symbols, picture = svg:match('^(.-</defs>)(.*)$')
if not symbols then
  symbols, picture = '', svg
end
picture = picture:gsub("( d=')([^']*)", function(start, d)
  return start .. shorter(d)
end)
picture = picture:gsub("<polygon([^>]-) points = '([^']*)'/>", function(style, points) -- the band around a curve
  local all = {}
  for point in points:gmatch('%S+') do
    all[#all + 1] = (#all == 0 and 'M' or 'L') .. point
  end
  return #all > 4 and ("<path%s d='%sz'/>"):format(style, shorter(table.concat(all, ' '))) or nil
end)
local out, run = {}, {}
for line in (picture .. '\n'):gmatch('([^\n]*)\n') do
  local cell = cell_of(line)
  if cell then
    run[#run + 1] = cell
  else
    out[#out + 1], run = #run > 0 and cells(run) or nil, {}
    out[#out + 1] = line
  end
end
io.write(symbols, table.concat(out, '\n'))
