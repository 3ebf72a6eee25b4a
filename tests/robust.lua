-- How often every claim held under other seeds: what `make robust` prints and writes to tests/robust.tsv.
--
--     lua5.4 tests/robust.lua BUILD SEEDS OUT CHAPTER ...     reads chapters/X/reference/claims.tsv, as published,
--                                                             and BUILD/X/seed-1/claims.tsv ... seed-SEEDS
--
-- Writes OUT, a row for each claim, and beside it OUT with -chapters in its name, a row for each chapter: how many claims came out in
-- all reseedings, and in how many of them all claims did.
--
-- A claim holds if its measurement is what its statement says, whatever its kind: one that is "not at this
-- scale" is to hold nowhere.

local build, seeds, out = arg[1], tonumber(arg[2]), arg[3]

-- The rows of a table by their first cell, each a set of cells by column, and the first cells in order.
local function read(path)
  local file = assert(io.open(path))
  local header, rows, order = nil, {}, {}
  for line in file:lines() do
    local cells = {}
    for cell in (line .. '\t'):gmatch('([^\t]*)\t') do
      cells[#cells + 1] = cell
    end
    if header then
      local row = {}
      for i, name in ipairs(header) do
        row[name] = cells[i]
      end
      rows[cells[1]] = row
      order[#order + 1] = cells[1]
    else
      header = cells
    end
  end
  file:close()
  return rows, order
end

local function holds(row)
  local measured, expected = tonumber(row.measured), tonumber(row.expected)
  if not measured or measured ~= measured then
    return false
  elseif row.relation == '<' then
    return measured < expected
  elseif row.relation == '>' then
    return measured > expected
  end
  return math.abs(measured - expected) <= tonumber(row.tolerance)
end

local table_file = assert(io.open(out .. '.part', 'w'))
table_file:write('claim\tstatement\trelation\texpected\tpublished\tlowest\thighest\theld\tof\tkind\n')
local chapters_file = assert(io.open(out:gsub('%.tsv$', '-chapters.tsv') .. '.part', 'w'))
chapters_file:write('chapter\tclaims\theld_in_all\treseedings\twhole\n')
local fell, all = 0, 0
for i = 4, #arg do
  local chapter = arg[i]
  local published, order = read('chapters/' .. chapter .. '/reference/claims.tsv')
  local runs = {}
  for k = 1, seeds do
    runs[k] = read(('%s/%s/seed-%d/claims.tsv'):format(build, chapter, k))
  end
  local broken, steady = {}, 0
  for _, id in ipairs(order) do
    local row, held, low, high = published[id], 0, math.huge, -math.huge
    for k, run in ipairs(runs) do
      local other = run[id] or error(chapter .. ': no claim ' .. id .. ' in a run under another seed')
      local measured = tonumber(other.measured) or 0 / 0
      held = held + (holds(other) and 1 or 0)
      broken[k] = broken[k] or holds(other) == (row.kind == 'not at this scale')
      low, high = math.min(low, measured), math.max(high, measured)
    end
    local wanted = row.kind == 'not at this scale' and 0 or seeds
    all = all + 1
    steady = steady + (held == wanted and 1 or 0)
    if held ~= wanted then
      fell = fell + 1
      print(('%-12s %-22s held in %d of %d, %s: %s (%.4g to %.4g, published %.4g %s %.4g)'):format(chapter, id, held, seeds,
        row.kind, row.statement, low, high, tonumber(row.measured), row.relation, tonumber(row.expected)))
    end
    table_file:write(('%s/%s\t%s\t%s\t%s\t%s\t%.17g\t%.17g\t%d\t%d\t%s\n'):format(chapter, id, row.statement, row.relation,
      row.expected, row.measured, low, high, held, seeds, row.kind))
  end
  local whole = 0
  for k = 1, seeds do
    whole = whole + (broken[k] and 0 or 1)
  end
  chapters_file:write(('%s\t%d\t%d\t%d\t%d\n'):format(chapter, #order, steady, seeds, whole))
end
assert(table_file:close() and os.rename(out .. '.part', out))
local summary = out:gsub('%.tsv$', '-chapters.tsv')
assert(chapters_file:close() and os.rename(summary .. '.part', summary))
print(('%d claims under %d other seeds: %d did not come out as published in all of them'):format(all, seeds, fell))
