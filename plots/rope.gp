# The figures of chapter rope, from the tables in the folder `data`.
set datafile columnheaders

# ---- decay ----
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
unset label
unset title

# ---- extrapolation ----
set output data."extrapolation.svg"
set terminal @svg size 860,430
set multiplot
file = data."extrapolation.tsv"
set xlabel "position in the sequence"
set ylabel "nats above the oracle" offset 1
set xrange [0.5:4.5]
set xtics ("0–64" 1, "64–128" 2, "128–256" 3, "256–512" 4)
set logscale y
set format y "%g"
set yrange [0.002:8]
colours = "#5a5a5a #cc79a7 #56b4e9 #009e73 #000000 #e69f00 #d55e00 #0072b2 #0072b2"
set lmargin at screen 0.075; set rmargin at screen 0.42; set tmargin at screen 0.9; set bmargin at screen 0.13
set title "the language" font ",13"
bin(f) = f < 1 ? 1 : f < 65 ? 2 : f < 129 ? 3 : 4
unset key
plot for [i=1:8] file every ::(4 * i - 4)::(4 * i - 1) using (bin($2)):4 with linespoints lc rgb word(colours, i) lw 2 pt 7 ps 0.5, \
     file every ::36::39 using (bin($2)):4 with linespoints lc rgb blue lw 2 dt 2 pt 7 ps 0.5
set lmargin at screen 0.475; set rmargin at screen 0.79
unset ylabel
set title "the key" font ",13"
set key at screen 0.995,0.9 right top width 1
part(i) = i == 1 ? "none" : i == 2 ? "sinusoidal" : i == 3 ? "learnt" : i == 4 ? "Shaw" : i == 5 ? "Transformer-XL" : i == 6 ? "T5" : i == 7 ? "ALiBi" : i == 8 ? "RoPE" : "RoPE, larger base"
plot for [i=1:8] file every ::(4 * i - 4)::(4 * i - 1) using (bin($2)):5 with linespoints lc rgb word(colours, i) lw 2 pt 7 ps 0.5 title part(i), \
     file every ::36::39 using (bin($2)):5 with linespoints lc rgb blue lw 2 dt 2 pt 7 ps 0.5 title part(9)
unset multiplot
unset lmargin; unset rmargin; unset tmargin; unset bmargin
set xtics autofreq
unset logscale
set key default
set key samplen 2 spacing 1.2
set terminal @svg size 860,400
unset title

# ---- shift ----
set output data."shift.svg"
set terminal @svg size 860,285
set multiplot layout 1,4 margins 0.055,0.985,0.2,0.86 spacing 0.045,0
file = data."shift.tsv"
set palette defined (0 "#d55e00", 0.5 "#ffffff", 1 "#0072b2")
unset colorbox
unset grid
set xrange [-0.5:63.5]
set yrange [63.5:-0.5]
set xtics 0,30,60
set ytics 0,30,60
set xlabel "position n of k"
array way[4] = ["sinusoid, added", "RoPE", "pairings mixed up", "ALiBi"]
do for [i=0:3] {
    if (i == 0) { set ylabel "position m of q" offset 1 } else { unset ylabel }
    set title way[i + 1] font ",13"
    plot file every ::(4096 * i)::(4096 * (i + 1) - 1) using 3:2:4 with image pixels notitle
}
unset multiplot
set grid
set terminal @svg size 860,400
set xtics autofreq; set ytics autofreq
unset title

# ---- precision ----
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
unset label
unset logscale
set format xy "%g"

# ---- linear ----
set output data."linear.svg"
file = data."linear.tsv"
set xlabel "sum of a row's weights"
set ylabel "part of the rows"
set xrange [0.2:1.2]
set yrange [0:*]
set style fill solid 0.6
set boxwidth 0.031
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb black dt 3
set label 1 "without rotation" at 1.005, graph 0.93 left
plot file using 1:2 with boxes lc rgb blue notitle
unset arrow
unset label
