-- The book from the woven texts: links and figures in the book's layout, the place of every piece
-- of code above it, and each page's way to the others.
--
-- Metadata: `chapters`, the names in order; `page`, what is made: `index` from book.md, `tables` from
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
local stringify = pandoc.utils.stringify
local chapters, number = {}, {} -- names in order; the number of each
local page, epub                -- the text being read, index or a chapter; whether all become one
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
local function heading_of(sources)
  local heading, before = pandoc.List(), nil
  for path, first, last in sources:gmatch('(%S+):(%d+)-(%d+)') do
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
  image.src = epub and path or path:gsub('^plots/', '')
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
local function math(kind, text)
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

local rewrite = {
  CodeBlock = function(block)
    if block.classes[1] == 'math' then
      return pandoc.Div(pandoc.Para(math('DisplayMath', block.text)), { class = 'display' })
    end
    local sources = block.attributes.source
    if sources then
      block.attributes.source = nil
      local place_line, id = heading_of(sources), nil
      if not epub then
        id = 'listing-' .. count('listing')
        place_line:insert(1, pandoc.Link('Listing ' .. counted.listing, '#' .. id, '', { class = 'counted' }))
      end
      return pandoc.Div({ pandoc.Div(pandoc.Plain(place_line), { class = 'place' }), block }, { id = id, class = 'listing' })
    end
  end,
  Table = function(block)
    return pandoc.Div(block, { class = 'table' })
  end,
  Para = function(block) -- an image alone is a figure, `fig:` makes pandoc say so
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
    return math(formula.mathtype, formula.text:match('^`(.*)`$') or formula.text)
  end,
  Image = show,
  Link = function(link)
    local target = place(link.target)
    link.target = target or ''
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

-- What the template needs for the ways to the other pages; `current` is nil on a source's page.
local function add_navigation(meta, current)
  local pages = pandoc.List { 'index' }
  pages:extend(chapters)
  local links = pages:map(function(name)
    return { title = title_of(text_of(name)), url = name .. '.html', current = name == current }
  end)
  local _, at = pages:find(current)
  meta.root, meta.front = root, links[1] -- current on the index's own page
  meta.previous, meta.next = at and links[at - 1], at and links[at + 1]
  links:remove(1)
  meta.chapters, meta.number = links, number[current] and tostring(number[current])
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

-- A list of the sources of every folder, with what each is.
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
  table.sort(paths, function(a, b) -- a folder's own files before those of the folders in it
    local in_a, in_b = a:match('^.*/'), b:match('^.*/')
    return in_a < in_b or in_a == in_b and a < b
  end)
  for _, path in ipairs(paths) do
    local at, name = path:match('^(.*)/([^/]*)$')
    if at ~= folder then
      flush()
      folder = at
      doc.blocks:insert(pandoc.Header(2, { pandoc.Code(at) }, pandoc.Attr((at:gsub('/', '-')))))
    end
    local inlines = pandoc.List { pandoc.Link(pandoc.Code(name), source_page(path)) }
    local text = about(path)
    if text ~= '' then
      inlines:insert(pandoc.Str(': '))
      inlines:extend(pandoc.utils.blocks_to_inlines(pandoc.read(text, 'gfm').blocks))
    end
    items:insert { pandoc.Plain(inlines) }
  end
  flush()
  doc.meta.title = pandoc.MetaInlines { pandoc.Str('The house: all sources') }
  add_navigation(doc.meta, nil)
  return doc
end

function Pandoc(doc)
  local made = stringify(doc.meta.page)
  for name in stringify(doc.meta.chapters):gmatch('%S+') do
    chapters[#chapters + 1] = name
    number[name] = #chapters
  end
  doc.meta.lang = 'en'
  if made:match('/') then
    return program(doc, made)
  elseif made == 'house' then
    return house(doc)
  end
  epub = made == 'epub'
  local blocks, title = pandoc.List(), nil
  add_captions(doc.blocks)
  for _, block in ipairs(doc.blocks) do
    if block.t == 'Header' and block.level == 1 then
      page = not title and (epub and 'index' or made) or chapters[(number[page] or 0) + 1]
      title = title or block.content
      if epub and number[page] then
        block.content:insert(1, pandoc.Str(number[page] .. ' '))
      end
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
