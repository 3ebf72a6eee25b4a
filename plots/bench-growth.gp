# The figure of `make bench-growth`: tests/bench/growth-curves.tsv, each task's time and memory against the size of an axis,
# both as multiples of what the smallest size has.
set datafile columnheaders
set datafile missing "-"
file = "tests/bench/growth-curves.tsv"
set terminal svg size 860,560
set output "plots/bench/growth.svg"
set multiplot
set logscale xy 2
set xrange [0.9:19]
set yrange [0.5:600]
set xtics (1, 2, 4, 8, 16)
set ytics (1, 4, 16, 64, 256)
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
        set key at graph 0.03, graph 0.97 left top reverse Left samplen 1.2
        plot x with lines lc rgb grey dt 2 lw 1 notitle, x**2 with lines lc rgb grey dt 2 lw 1 notitle, \
             file using (column("times")):(of(axis, 1, formula, value)) with lines lc rgb blue lw 1 title (i == 1 && j == 1 ? "formula: power 1" : ""), \
             file using (column("times")):(of(axis, 2, formula, value)) with lines lc rgb orange lw 1.6 title (i == 1 && j == 1 ? "power 2" : "")
    }
}
unset multiplot
