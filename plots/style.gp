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
