# ---- The figure of `make bench`: tests/bench/ratios.tsv, a row for each experiment and each of the others, the ratio of the times.
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

# ---- The figure of `make bench-growth`: tests/bench/growth-curves.tsv, each task's time and memory against the size of an axis,
# both as multiples of what the smallest size has.
file = "tests/bench/growth-curves.tsv"
set terminal svg size 860,560
set output "plots/bench/growth.svg"
set multiplot
unset arrow 1
unset logscale
set logscale xy 2
set xrange [0.9:19]
set yrange [0.5:600]
set xtics (1, 2, 4, 8, 16)
set ytics font "" scale 1 (1, 4, 16, 64, 256)
set tmargin 0
set bmargin 0
set lmargin 0
set rmargin 0
array axes[3] = ["length", "batch", "width"]
of(axis, power, formula, value) = strcol("axis") eq axis && column(formula) == power ? column(value) : NaN
left(i) = 0.075 + 0.315 * (i - 1)
do for [i = 1:3] {
    do for [j = 1:2] {
        value = j == 1 ? "ms" : "bytes"
        formula = j == 1 ? "time_formula" : "memory_formula"
        axis = axes[i]
        set origin left(i), j == 1 ? 0.565 : 0.095
        set size 0.28, 0.375
        set title (j == 1 ? axis : "") offset 0,-0.6
        set ylabel (i == 1 ? (j == 1 ? "time, times" : "memory, times") : "") offset 1.2
        set xlabel (j == 2 ? axis." / smallest" : "") offset 0,0.4
        set key at graph 0.03, graph 0.97 left top vertical maxrows auto reverse Left samplen 1.2
        plot x with lines lc rgb grey dt 2 lw 1 notitle, x**2 with lines lc rgb grey dt 2 lw 1 notitle, \
             file using (column("times")):(of(axis, 1, formula, value)) with lines lc rgb blue lw 1 title (i == 1 && j == 1 ? "formula: power 1" : ""), \
             file using (column("times")):(of(axis, 2, formula, value)) with lines lc rgb orange lw 1.6 title (i == 1 && j == 1 ? "power 2" : "")
    }
}
unset multiplot
unset arrow 1
unset logscale
