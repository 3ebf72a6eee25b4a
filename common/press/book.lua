-- The book from the woven texts: links and figures in the book's layout, the place of every piece
-- of code above it, and each page's way to the others.
--
-- Metadata: `chapters`, the names in order, each part's behind its title in brackets; `page`, what is made: `index` from book.md, `tables` from
-- tests/tables.md, `scoring` from chapters/map/tool.md, a chapter's name, `epub` from book.md and the chapters in order, `house`, a map of all sources, or
-- the path of a source, for a page that shows it whole and leads to the sections that show parts of it; `sources`, the
-- paths of all of these.
--
-- Layout, from the checkout to the book's folder:
--
--     book.md              index.html
--     tests/tables.md      tables.html
--     chapters/map/tool.md scoring.html
--     common/press/live.md live.html
--     chapters/rnn/rnn.md  rnn.html
--     plots/rnn/x.svg      rnn/x.svg
--     chapters/rnn/rnn.c   rnn/rnn.c.html
--     common/nets/train.c  common/nets/train.c.html
--     (no text)            house.html
--
-- A link to anything else in the checkout becomes plain text. Headings, figures, displayed formulas and listings have
-- ids, the last three numbers, too, counted on each page, so that all of them can be pointed at.

package.path = PANDOC_SCRIPT_FILE:match('^(.-)[^/]*$') .. '?.lua;' .. package.path
local sections = require 'sections'
local sources = require 'sources'
local cite = require 'cite'
local stringify = pandoc.utils.stringify
local chapters, number = {}, {} -- names in order; the number of each
local parts = pandoc.List()     -- of each its title, first, the number of its first chapter, and names
local page, epub                -- the text being read, index or a chapter; where all become one, the folder of the figures
local root = ''                 -- from the page to the book's folder

-- The first heading of the text at `path`, as inlines.
local function title_of(path)
  for line in io.lines(path) do
    local title = line:match('^# (.*)')
    if title then
      return pandoc.read(title, 'gfm+tex_math_dollars').blocks[1].content
    end
  end
  error(path .. ': no line begins with "# "; expected the title there')
end

-- The texts that are no chapters, by their pages.
local texts = { index = 'book.md', tables = 'tests/tables.md', scoring = 'chapters/map/tool.md', live = 'common/press/live.md' }
local page_of = {}
for name, path in pairs(texts) do
  page_of[path] = name
end

local function text_of(name)
  return texts[name] or 'chapters/' .. name .. '/' .. name .. '.md'
end

-- The chapter that the text of a page belongs to, or nil.
local function chapter_of(name)
  return text_of(name):match('^chapters/([^/]+)/')
end

-- The path from the top of the checkout of a link in the page's text.
local function resolve(link)
  local path = text_of(page):match('^(.-)[^/]*$') .. link
  repeat
    local found
    path, found = path:gsub('[^/]+/%.%./', '', 1)
  until found == 0
  return path
end

-- Where the source at `path` is shown whole.
local function source_page(path)
  return root .. path:gsub('^chapters/', '') .. '.html'
end

-- Where a link in the page's text leads in the book, or nil.
local function place(target)
  if target:match('^%a+:') then
    return target
  end
  local link, anchor = target:match('^([^#]*)#?(.*)$')
  local path = link == '' and text_of(page) or resolve(link)
  local name = page_of[path] or path:match('^chapters/([^/]+)/%1%.md$')
  if name and epub and (name == 'index' or not texts[name]) then
    return '#' .. name .. (anchor ~= '' and '--' .. anchor or '')
  elseif link == '' then
    return target
  elseif name and not epub and (number[name] or texts[name]) then
    return name .. '.html' .. (anchor ~= '' and '#' .. anchor or '')
  elseif not epub and (path:match('^common/.+%.[ch]$') or path:match('^chapters/.+%.[ch]$')) then
    return source_page(path)
  end
end

-- `chapters/rnn/rnn.c:45-60 chapters/rnn/rnn.c:70-70` of a woven fence as the line above the code: a file's
-- name once, then its lines.
local function heading_of(shown)
  local heading, before = pandoc.List(), nil
  for path, first, last in shown:gmatch('(%S+):(%d+)-(%d+)') do
    local text = pandoc.List { pandoc.Str(first == last and first or first .. '–' .. last) }
    if path ~= before then
      text:insert(1, pandoc.Str(first == last and ', line ' or ', lines '))
      text:insert(1, pandoc.Code(path))
    end
    before = path
    heading:extend {
      epub and pandoc.Span(text) or pandoc.Link(text, source_page(path) .. '#L-' .. first), pandoc.Space(),
    }
  end
  return heading
end

-- Comments say where woven text comes from; the EPUB's details are open, since not every reader can open them.
local function raw(element)
  if element.text:match('^%s*<!%-%-') then
    return {}
  end
  element.text = epub and element.text:gsub('<details>', '<details open="open">') or element.text
  return element
end

-- A figure in its place in the book.
local function show(image)
  local path = resolve(image.src)
  image.src = path:gsub('^plots/', epub and epub .. '/' or '')
  return image
end

-- `<img src="plots/rnn/x.svg" width="280" alt="...">`: a figure in a size that Markdown's ![](...) cannot say.
local function image_of(html)
  local tag = html:match('^<img (.*)>$')
  if tag then
    local attributes = {}
    for name, value in tag:gmatch('([%w-]+)="([^"]*)"') do
      attributes[name] = value
    end
    local image = pandoc.Image({ pandoc.Str(attributes.alt) }, attributes.src)
    image.attributes.width = attributes.width
    return image
  end
end

-- What is counted on a page: figures, formulas, listings.
local counted = {}
local function count(kind)
  counted[kind] = (counted[kind] or 0) + 1
  return counted[kind]
end

-- $`x`$ and fences of `math`, the forms that Markdown leaves as they are, become mathematics.
local function mathematics(kind, text)
  local formula = pandoc.Math(kind, text)
  if kind ~= 'DisplayMath' then
    return formula
  elseif epub then
    return pandoc.Span(formula, { class = 'formula' })
  end
  local id = 'equation-' .. count('equation')
  local number = pandoc.Link('(' .. counted.equation .. ')', '#' .. id, '', { class = 'equation' })
  return pandoc.Span({ pandoc.Span(formula, { class = 'formula' }), number }, { id = id, class = 'displayed' })
end

-- Whether a table is the box at a chapter's beginning, whose rows begin in bold.
local function is_box(block)
  local row = pandoc.utils.to_simple_table(block).rows[1]
  local cell = row and row[1][1]
  return cell and #cell.content == 1 and cell.content[1].t == 'Strong'
end

-- Whether a paragraph is pictures that lead elsewhere, and nothing else.
local function is_pictures(block)
  local pictures = 0
  for _, inline in ipairs(block.content) do
    local picture = inline.t == 'Link' and #inline.content == 1 and inline.content[1].t == 'Image'
    if not picture and inline.t ~= 'SoftBreak' and inline.t ~= 'Space' then
      return false
    end
    pictures = pictures + (picture and 1 or 0)
  end
  return pictures > 0
end

local rewrite = {
  CodeBlock = function(block)
    if block.classes[1] == 'math' then
      return pandoc.Div(pandoc.Para(mathematics('DisplayMath', block.text)), { class = 'display' })
    end
    local shown = block.attributes.source
    if shown then
      block.attributes.source = nil
      local place_line, id = heading_of(shown), nil
      if epub then -- an e-reader is narrow
        block.text = ('\n' .. block.text):gsub('\n( +)', function(indent)
          return '\n' .. (' '):rep(#indent // 2)
        end):sub(2)
      else
        id = 'listing-' .. count('listing')
        place_line:insert(1, pandoc.Link('Listing ' .. counted.listing, '#' .. id, '', { class = 'counted' }))
      end
      return pandoc.Div({ pandoc.Div(pandoc.Plain(place_line), { class = 'place' }), block }, { id = id, class = 'listing' })
    end
  end,
  Code = function(code) -- `a->b` and `--text` do not break at the hyphens
    if #code.text <= 30 and code.text:find('-', 1, true) then
      code.classes:insert('whole')
    end
    return code
  end,
  Table = function(block) -- its columns as wide as what stands in them
    block.colspecs = pandoc.List(block.colspecs):map(function(spec)
      return { spec[1] }
    end)
    return pandoc.Div(block, { class = is_box(block) and 'table box' or 'table' })
  end,
  Para = function(block)
    if is_pictures(block) then
      return pandoc.Div(block, { class = 'pictures' })
    end
    -- an image alone is a figure, `fig:` makes pandoc say so
    if #block.content == 1 and block.content[1].t == 'Image' then
      block.content[1].title = 'fig:'
      if not epub and not block.content[1].classes:includes('small') then
        local image = block.content[1]
        image.identifier = 'figure-' .. count('figure')
        image.caption:insert(1, pandoc.Space())
        image.caption:insert(1, pandoc.Link('Figure ' .. counted.figure .. '.', '#' .. image.identifier, '', { class = 'counted' }))
      end
      return block
    end
  end,
  Math = function(formula)
    return mathematics(formula.mathtype, formula.text:match('^`(.*)`$') or formula.text)
  end,
  Image = show,
  Link = function(link)
    local target = place(link.target)
    link.target = target or ''
    link.content = pandoc.walk_inline(pandoc.Span(link.content), { Link = function(inner)
      return inner.content -- a citation in what is a link already
    end }).content
    return target and link or link.content
  end,
  Header = function(header)
    if epub then
      header.identifier = header.level == 1 and page or page .. '--' .. header.identifier
      return pandoc.walk_block(header, { Math = function(math) -- EPUB's contents hold no MathML
        return pandoc.Emph(math.text)
      end })
    end
    header.content:insert(pandoc.Link('', '#' .. header.identifier, '', { class = 'permalink', ['aria-label'] = 'Link to this section' }))
    return header
  end,
  RawBlock = raw,
  RawInline = function(element)
    local image = image_of(element.text)
    return image and show(image) or raw(element)
  end,
}

local function alone(block, kind)
  local inline = block and block.t == 'Para' and #block.content == 1 and block.content[1]
  return inline and inline.t == kind and inline
end

-- The sources of a page's text, as sources.lua reads them.
local read = {}
local function sources_of(name)
  local chapter = chapter_of(name)
  if chapter and not read[chapter] then
    local lines = {}
    for line in io.lines(text_of(chapter)) do
      lines[#lines + 1] = line
    end
    read[chapter] = sources.read(lines)
  end
  return read[chapter] or {}
end

-- The items of the list of sources get the ids that citations lead to.
local function name_sources(list)
  for i, source in ipairs(sources_of(page)) do
    local block = list.content[i][1]
    block.content = { pandoc.Span(block.content, { id = (epub and page .. '--' or '') .. source.id }) }
  end
  return list
end

-- A paragraph in italics behind a figure is its caption; what stands in the image's brackets is its
-- description for those who do not see it.
local function add_captions(blocks)
  for i = #blocks - 1, 1, -1 do
    local image, caption = alone(blocks[i], 'Image'), alone(blocks[i + 1], 'Emph')
    if image and caption then
      image.attributes.alt = stringify(image.caption)
      image.caption = caption.content
      blocks:remove(i + 1)
    end
  end
end

-- A title as the contents have it: what stands before its colon.
local function short(title)
  local words = pandoc.List()
  for _, inline in ipairs(title) do
    words:insert(inline)
    if inline.t == 'Str' and inline.text:match(':$') then
      words[#words] = pandoc.Str((inline.text:gsub(':$', '')))
      break
    end
  end
  return words
end

-- What the template needs for the ways to the other pages; `current` is nil on a source's page.
local function add_navigation(meta, current)
  local pages = pandoc.List { 'index' }
  pages:extend(chapters)
  local links = pages:map(function(name)
    local title = title_of(text_of(name))
    return { title = title, short = short(title), url = name .. '.html', current = name == current }
  end)
  local _, at = pages:find(current)
  meta.root, meta.front = root, links[1] -- current on the index's own page
  meta.previous, meta.next = at and links[at - 1], at and links[at + 1]
  meta.number = number[current] and tostring(number[current])
  meta.parts = parts:map(function(part, i)
    local last = part.first + #part.names
    return {
      number = tostring(i), title = part.title, first = tostring(part.first), chapters = pandoc.List(table.move(links, part.first + 1, last, 1, {})),
    }
  end)
end

-- The sections of the texts that show lines of the source at `path`, each once, with the lines: a paragraph, or nothing.
local function explained(path, woven)
  local links = pandoc.List()
  for _, name in ipairs(chapters) do
    for _, section in ipairs(sections.of(woven .. '/' .. name .. '.md')) do
      local lines = {}
      for _, at in ipairs(section.shown) do
        if at.path == path then
          lines[#lines + 1] = at.first == at.last and at.first or at.first .. '–' .. at.last
        end
      end
      if #lines > 0 then
        local from = pandoc.Link(section.title, root .. name .. '.html' .. (section.level > 1 and '#' .. section.id or ''))
        links:extend { from, pandoc.Str(' (' .. table.concat(lines, ', ') .. ')'), pandoc.Str(', '), }
      end
    end
  end
  links:remove(#links)
  return #links > 0 and { pandoc.Para(pandoc.List { pandoc.Str('Explained in: ') } .. links .. { pandoc.Str('.') }) } or {}
end

local function program(doc, path)
  local file = assert(io.open(path))
  root = path:gsub('^chapters/', ''):gsub('[^/]+', '..'):gsub('%.%.$', '')
  local attributes = pandoc.Attr('L', { 'c' }) -- its lines are L-1, L-2 ...
  doc.blocks = pandoc.List(explained(path, stringify(doc.meta.woven)))
  doc.blocks:insert(pandoc.CodeBlock(file:read('a'), attributes))
  doc.meta.title = pandoc.MetaInlines { pandoc.Code(path) }
  doc.meta.program = true
  add_navigation(doc.meta, nil)
  return doc
end

-- What a source is, by the first sentence of the comment that it begins with.
local function about(path)
  local words = {}
  for line in io.lines(path) do
    local comment = line:match('^// ?(.*)')
    if not comment then
      break
    end
    words[#words + 1] = comment
  end
  local text = table.concat(words, ' ')
  return text:match('^(.-%.)%s') or text
end

-- The order of the folders in the map: common/ first, then the chapters as in the book, each folder before those in it.
local function rank(path)
  local chapter = path:match('^chapters/([^/]+)/')
  return ('%03d %s'):format(chapter and number[chapter] or 0, path:match('^.*/'))
end

-- A list of the sources of every folder, with what each is; a header and its source are one entry.
local function house(doc)
  local items, folder = pandoc.List(), nil
  doc.blocks = pandoc.List()
  local function flush()
    if #items > 0 then
      doc.blocks:insert(pandoc.BulletList(items))
    end
    items = pandoc.List()
  end
  local paths = {}
  for path in stringify(doc.meta.sources):gmatch('%S+') do
    paths[#paths + 1] = path
  end
  table.sort(paths, function(a, b)
    return rank(a) < rank(b) or rank(a) == rank(b) and a < b
  end)
  for i, path in ipairs(paths) do
    local at, name = path:match('^(.*)/([^/]*)$')
    local header = paths[i + 1] == path:gsub('%.c$', '.h') and paths[i + 1] -- x.c comes directly before x.h
    if at ~= folder then
      flush()
      folder = at
      doc.blocks:insert(pandoc.Header(2, { pandoc.Code(at) }, pandoc.Attr((at:gsub('/', '-')))))
    end
    local inlines = pandoc.List { pandoc.Link(pandoc.Code(name), source_page(path)) }
    if header then
      inlines:extend { pandoc.Str(', '), pandoc.Link(pandoc.Code(header:match('[^/]*$')), source_page(header)) }
    end
    local text = about(header or path)
    if text ~= '' then
      inlines:insert(pandoc.Str(': '))
      inlines:extend(pandoc.utils.blocks_to_inlines(pandoc.read(text, 'gfm').blocks))
    end
    if paths[i - 1] ~= path:gsub('%.h$', '.c') or path:match('%.c$') then
      items:insert { pandoc.Plain(inlines) }
    end
  end
  flush()
  doc.meta.title = pandoc.MetaInlines { pandoc.Str('The house: all sources') }
  add_navigation(doc.meta, nil)
  return doc
end

function Pandoc(doc)
  local made = stringify(doc.meta.page)
  for title, names in stringify(doc.meta.chapters):gmatch('%[([^%]]*)%]([^%[]*)') do
    local part = { title = title, first = #chapters + 1, names = {} }
    for name in names:gmatch('%S+') do
      chapters[#chapters + 1], part.names[#part.names + 1] = name, name
      number[name] = #chapters
    end
    parts:insert(part)
  end
  doc.meta.lang = 'en'
  if made:match('/') then
    return program(doc, made)
  elseif made == 'house' then
    return house(doc)
  end
  epub = made == 'epub' and stringify(doc.meta.figures)
  local blocks, title, section = pandoc.List(), nil, nil
  add_captions(doc.blocks)
  for _, block in ipairs(doc.blocks) do
    if block.t == 'Header' and block.level == 1 then
      page = not title and (epub and 'index' or made) or chapters[(number[page] or 0) + 1]
      title = title or block.content
      if epub and number[page] then
        block.content:insert(1, pandoc.Str(number[page] .. ' '))
      end
    end
    if block.t == 'Header' and block.level == 2 then
      section = stringify(block.content)
    elseif block.t == 'BulletList' and section == 'Sources' and number[page] then
      block = name_sources(block)
    elseif block.t ~= 'Header' and section ~= 'Sources' then
      local home = chapter_of(page)
      block = pandoc.walk_block(pandoc.Div(block), { Inlines = function(inlines)
        return cite(inlines, sources_of(page), page == home and '' or (home or '') .. '.md')
      end }).content[1]
    end
    if not title then
      error(made .. ': a text begins with its title, a line "# ..."')
    elseif epub or block.t ~= 'Header' or block.level > 1 then
      blocks:extend(pandoc.walk_block(pandoc.Div(block), rewrite).content)
    end
  end
  doc.blocks = blocks
  doc.meta.title = pandoc.MetaInlines(title)
  if epub then
    doc.meta.author = 'The authors of Line by Line'
    doc.meta.rights = 'MIT License'
  else
    add_navigation(doc.meta, made)
  end
  return doc
end
