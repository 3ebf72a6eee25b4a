# The figure of `make bench`: tests/bench/ratios.tsv, a row for each experiment and each of the others, the ratio of the times.
set datafile columnheaders
set datafile missing "-"
file = "tests/bench/ratios.tsv"

# The place of the line in the table: one row down where the experiment or the other changes, and half a row
# more where the kind of experiment does, the word before the first / of the id.
at = 0
last = ""
kind = ""
kind_of(id) = id[1:strstrt(id, "/") - 1]
new(id, name) = (at = at + (name ne last) + 0.6 * (kind ne "" && kind_of(id) ne kind), last = name, kind = kind_of(id), at)
place(c) = new(strcol("id"), strcol("experiment").strcol("against"))
label(c) = sprintf("%s:  {/=12:Bold %s}", strcol("experiment"), strcol("against"))
stats file using (place(0)) nooutput
rows = at

above = 32 # pixels; a row has 15.5
below = 58
set terminal svg size 860,(above + below + 15.5 * rows)
set output "plots/bench/ratios.svg"
set lmargin at screen 0.42
set rmargin at screen 0.975
set tmargin at screen 1 - above / (above + below + 15.5 * rows)
set bmargin at screen below / (above + below + 15.5 * rows)
set yrange [rows + 0.8:0.2]
set ytics font ",12" scale 0
set logscale x
set xrange [0.2:300]
set xtics (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
set xlabel "time of the other / our time: right of 1 ours is faster"
set key at graph 1, screen 1 maxrows 1 right top samplen 1 width 1
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb grey lw 1.5 back
ratio(n) = column("threads") == n ? column("ratio") : NaN

plot at = 0, last = "", kind = "", \
     file using (ratio(1)):(place(0)):ytic(label(0)) with points pt -1 notitle, \
     at = 0, last = "", kind = "", \
     file using (column("threads") == 1 ? column("goal") : NaN):(place(0) - 0.35):(0):(0.7) with vectors nohead lw 3 lc rgb black notitle, \
     at = 0, last = "", kind = "", \
     file using (ratio(2)):(place(0) + 0.17):(column("low")):(column("high")) with xerrorbars pt -1 lw 1.2 lc rgb orange notitle, \
     at = 0, last = "", kind = "", \
     file using (ratio(1)):(place(0) - 0.13):(column("low")):(column("high")) with xerrorbars pt -1 lw 1.2 lc rgb blue notitle, \
     at = 0, last = "", kind = "", \
     file using (ratio(1)):(place(0) - 0.13) with points pt 7 ps 0.6 lc rgb blue title "one thread", \
     at = 0, last = "", kind = "", \
     file using (ratio(2)):(place(0) + 0.17) with points pt 5 ps 0.55 lc rgb orange title "two threads", \
     NaN with points pt "|" lc rgb black title "goal, one thread"
