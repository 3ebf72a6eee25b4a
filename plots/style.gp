# The one look of all figures. Colours of Okabe & Ito (2008), told apart by colour-blind readers too.
svg = "svg dynamic enhanced font \"sans-serif,13\" background \"#ffffff\""
set terminal @svg size 860,400
set datafile separator tab
set datafile missing "nan"
black = "#000000"; orange = "#e69f00"; sky = "#56b4e9"; green = "#009e73"
yellow = "#f0e442"; blue = "#0072b2"; red = "#d55e00"; purple = "#cc79a7"; grey = "#5a5a5a"
# Words in the colour of a curve: the same, dark enough to be read on white (5 to 1).
orange_ink = "#966700"; sky_ink = "#36769a"; green_ink = "#007f5c"; red_ink = "#b95100"; purple_ink = "#9c5b7f"
set linetype 1 lc rgb blue lw 2
set linetype 2 lc rgb red lw 2
set linetype 3 lc rgb green lw 2
set linetype 4 lc rgb purple lw 2
set linetype 5 lc rgb orange lw 2
set linetype 6 lc rgb sky lw 2
set linetype 7 lc rgb black lw 2
set border 3 lc rgb "#444444"
set tics nomirror textcolor rgb "#222222"
set grid lc rgb "#dddddd" lw 0.6
set key samplen 2 spacing 1.2 textcolor rgb "#222222"

# ---- Drawings of a method: boxes, round gates, arrows and words from blocks of data ----
#
#     $boxes   x y half_width half_height colour "text"     colour as 0xfde9c8, one of those below
#     $rounds  x y "text"                                   a value by value operation
#     $lines   x y to_x to_y                                without a head: the part of a way before its last
#     $arrows  x y to_x to_y
#     $dots    x y                                          where a line forks
#     $words   x y "text"                                   centred; $notes: grey, small
#
# A drawing: set output, `@begin_drawing`, set xrange and yrange, the data, `@end_drawing`.
# All blocks must exist; @begin_drawing makes them empty.
box_state = 0xdcecf7; box_input = 0xeeeeee; box_gate = 0xfde9c8; box_out = 0xd9f0e6; box_loss = 0xf7dede
begin_drawing = 'set datafile separator whitespace; unset border; unset tics; unset grid; unset key; \
    outside = "-99 -99 -99 -99 0 ."; \
    set print $boxes; print outside; set print $rounds; print outside; set print $lines; print outside; \
    set print $arrows; print outside; set print $words; print outside; set print $notes; print outside; \
    set print $dots; print outside; set print; \
    set lmargin 1; set rmargin 1; set tmargin 1; set bmargin 1; set size ratio -1'
end_drawing = 'plot \
    $lines using 1:2:($3-$1):($4-$2) with vectors nohead lc rgb "#444444" lw 1.6, \
    $arrows using 1:2:($3-$1):($4-$2) with vectors head filled size graph 0.012,20 lc rgb "#444444" lw 1.6, \
    $boxes using 1:2:($1-$3):($1+$3):($2-$4):($2+$4):5 with boxxyerror fs solid 1 border lc rgb "#444444" lc rgb variable lw 1.2, \
    $rounds using 1:2:(0.16) with circles fs solid 1 border lc rgb "#444444" fc rgb "#ffffff" lw 1.2, \
    $dots using 1:2 with points pt 7 ps 0.5 lc rgb "#444444", \
    $boxes using 1:2:6 with labels tc rgb "#111111", $rounds using 1:2:3 with labels tc rgb "#111111", \
    $words using 1:2:3 with labels tc rgb "#111111", $notes using 1:2:3 with labels tc rgb grey font ",11"'
