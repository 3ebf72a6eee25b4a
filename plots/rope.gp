# The figures of chapter rope, from the tables in the folder `data`.
set datafile columnheaders

# Column y in the rows whose first column is this name, elsewhere nothing.
of(name, y) = strcol(1) eq name ? column(y) : NaN

# ---- decay ----
reset
load 'plots/style.gp'
set output data."decay.svg"
set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.11,0
file = data."decay.tsv"
set xlabel "distance m − n (positions)"
set xrange [0:250]
set yrange [0:34]
set ylabel "bound" offset 1
set title "RoFormer's bound" font ",13"
plot file using 1:2 with lines lc rgb blue lw 2 notitle
set yrange [0:1.1]
set ylabel "mean, relative" offset 1
set title "scores" font ",13"
set label 1 "q = k: score over that at 0" at 60,0.64 left textcolor rgb blue
set label 2 "independent q, k: |score| over √(2d/π)" at 245,0.92 right textcolor rgb orange_ink
root = sqrt(2 * 128 / pi)
plot file using 1:3 with lines lc rgb blue lw 2 notitle, \
     data."decay-independent.tsv" using 1:($2/root):($3/root) with yerrorlines lc rgb orange lw 2 pt 7 ps 0.4 notitle
unset multiplot

# ---- extrapolation ----
reset
load 'plots/style.gp'
set output data."extrapolation.svg"
set terminal @svg size 860,430
set multiplot
file = data."extrapolation.tsv"
schemes = "none sinusoidal learnt shaw xl t5 alibi rope rope_ntk"
array words[9] = ["none", "sinusoidal", "learnt", "Shaw", "Transformer-XL", "T5", "ALiBi", "RoPE", "RoPE, larger base"]
colours = "#5a5a5a #cc79a7 #56b4e9 #009e73 #000000 #e69f00 #d55e00 #0072b2 #0072b2"
dashes = "1 1 1 1 1 1 1 1 2"
bin(from) = from < 1 ? 1 : from < 65 ? 2 : from < 129 ? 3 : 4
set xlabel "position in the sequence"
set ylabel "nats above the oracle" offset 1
set xrange [0.5:4.5]
set xtics ("0–64" 1, "64–128" 2, "128–256" 3, "256–512" 4)
set logscale y
set format y "%g"
set yrange [0.002:8]
set lmargin at screen 0.075; set rmargin at screen 0.42; set tmargin at screen 0.9; set bmargin at screen 0.13
set title "the language" font ",13"
unset key
plot for [i=1:9] file using (bin($2)):(of(word(schemes, i), 4)) with linespoints lc rgb word(colours, i) lw 2 dt int(word(dashes, i)) pt 7 ps 0.5 title words[i]
set lmargin at screen 0.475; set rmargin at screen 0.79
unset ylabel
set title "the key" font ",13"
set key at screen 0.995,0.9 right top width 1
plot for [i=1:9] file using (bin($2)):(of(word(schemes, i), 5)) with linespoints lc rgb word(colours, i) lw 2 dt int(word(dashes, i)) pt 7 ps 0.5 title words[i]
unset multiplot

# ---- shift ----
reset
load 'plots/style.gp'
set output data."shift.svg"
set terminal @svg size 860,285
set multiplot layout 1,4 margins 0.055,0.985,0.2,0.86 spacing 0.045,0
file = data."shift.tsv" # 64 x 64 rows for each of the ways, which are
array words[4] = ["sinusoid, added", "RoPE", "pairings mixed up", "ALiBi"]
set palette defined (0 "#d55e00", 0.5 "#ffffff", 1 "#0072b2")
unset colorbox
unset grid
set xrange [-0.5:63.5]
set yrange [63.5:-0.5]
set xtics 0,30,60
set ytics 0,30,60
set format y "%g"
set xlabel "position n of k"
do for [i=1:4] {
    if (i == 1) { set ylabel "position m of q" offset 1 } else { unset ylabel }
    set title words[i] font ",13"
    plot file every ::(4096 * (i - 1))::(4096 * i - 1) using 3:2:4 with image pixels notitle
}
unset multiplot

# ---- precision ----
reset
load 'plots/style.gp'
set output data."precision.svg"
file = data."precision.tsv"
set xlabel "position"
set ylabel "largest error of a cosine"
set xrange [1:2.2e5]
set yrange [1e-8:5]
set logscale xy
set format xy "10^{%L}"
set label 1 "bfloat16" at 20,0.06 right textcolor rgb purple_ink
set label 2 "float16" at 60,0.006 left textcolor rgb orange_ink
set label 3 "float32" at 1.15e5,5.2e-3 left textcolor rgb blue
plot file using 1:2 with lines lc rgb purple lw 2 notitle, \
     file using 1:3 with lines lc rgb orange lw 2 notitle, \
     file using 1:4 with lines lc rgb blue lw 2 notitle

# ---- linear ----
reset
load 'plots/style.gp'
set output data."linear.svg"
file = data."linear.tsv"
set xlabel "sum of a row's weights"
set ylabel "part of the rows"
set format xy "%g"
set xrange [0.2:1.2]
set yrange [0:*]
set style fill solid 0.6
set boxwidth 0.031
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb black dt 3
set label 1 "without rotation" at 1.005, graph 0.93 left
plot file using 1:2 with boxes lc rgb blue notitle
