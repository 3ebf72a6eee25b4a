# The figures of chapter performer, from the tables in the folder `data`.
set datafile columnheaders

# Column y in the rows whose first column is this name, elsewhere nothing.
of(name, y) = strcol(1) eq name ? column(y) : NaN

# ---- kernel ----
reset
load 'plots/style.gp'
set output data."kernel.svg"
set terminal @svg size 860,290
set multiplot layout 1,4 margins 0.06,0.915,0.2,0.87 spacing 0.025,0
file = data."kernel.tsv" # 40 x 40 rows for each of the matrices, which are
matrices = "softmax m=16 m=64 m=256"
set palette defined (0 "#ffffff", 0.1 "#cfe3f1", 0.3 "#7fb2d6", 0.6 "#2b6ca3", 1 "#08305c")
set cbrange [0:0.3]
set xrange [-0.5:39.5]
set yrange [39.5:-0.5]
set xtics 0,10,30
set ytics 0,10,30
set xlabel "key"
unset grid
unset colorbox
do for [i = 1:4] {
    if (i == 1) { set ylabel "query" offset 1 } else { unset ylabel; set format y "" }
    if (i == 4) { set colorbox user origin 0.93,0.2 size 0.015,0.67; set cbtics 0.1 }
    set title word(matrices, i) noenhanced font ",13"
    plot file every ::(1600 * (i - 1))::(1600 * i - 1) using 3:2:4 with image pixels notitle
}
unset multiplot

# ---- lemma ----
reset
load 'plots/style.gp'
set output data."lemma.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.14,0.9 spacing 0.11,0
file = data."lemma.tsv"
set xrange [6:1400]
set yrange [5e-6:0.2]
set logscale x 2
set logscale y
set format y "10^{%L}"
set xlabel "rows m of W"
set ylabel "mean square error"
set xtics (8,16,32,64,128,256,512,1024)
set title "one pair: formulas (lines), 4000 draws (points)" font ",13"
set key bottom left
plot file using 1:"positive_exact" with lines lc rgb blue lw 2 notitle, \
     file using 1:"hyperbolic_exact" with lines lc rgb green lw 2 notitle, \
     file using 1:"trigonometric_exact" with lines lc rgb red lw 2 notitle, \
     file using 1:"positive":"positive_error" with yerrorbars lc rgb blue lw 2 pt 7 ps 0.5 title "positive", \
     file using 1:"orthogonal":"orthogonal_error" with yerrorbars lc rgb sky lw 2 pt 6 ps 0.6 title "positive, orthogonal", \
     file using 1:"trigonometric":"trigonometric_error" with yerrorbars lc rgb red lw 2 pt 7 ps 0.5 title "trigonometric", \
     file using 1:"hyperbolic":"hyperbolic_error" with yerrorbars lc rgb green lw 2 pt 7 ps 0.5 title "hyperbolic"
unset logscale x
file = data."lemma-angle.tsv"
set xlabel "angle between x and y (degrees)"
set ylabel "root mean square error / kernel" offset 1
set xrange [0:180]
set xtics 0,45,180
set yrange [1e-2:1e3]
set title "|x| = |y| = 1.5, m = 64: formulas" font ",13"
set label 1 "positive" at 20,25 left textcolor rgb blue
set label 2 "hyperbolic" at 58,0.55 right textcolor rgb green_ink
set label 3 "trigonometric" at 115,13 right textcolor rgb red_ink
plot file using 1:"positive" with lines lc rgb blue lw 2 notitle, \
     file using 1:"hyperbolic" with lines lc rgb green lw 2 notitle, \
     file using 1:"trigonometric" with lines lc rgb red lw 2 notitle
unset multiplot

# ---- features ----
reset
load 'plots/style.gp'
set output data."features.svg"
file = data."features.tsv"
set logscale y
set logscale x 2
set xlabel "rows m of W"
set ylabel "mean square error of the answers" offset 1
set xrange [14:1500]
set xtics (16,32,64,128,256,512)
set yrange [2e-6:1.2e-3]
set format y "10^{%L}"
set label 1 "trigonometric, iid" at 540,9.4e-6 left textcolor rgb red_ink
set label 2 "trigonometric, orthogonal" at 540,3.7e-6 left textcolor rgb orange_ink
set label 3 "positive, iid" at 540,4e-5 left textcolor rgb blue
set label 4 "positive, orthogonal" at 540,2.6e-5 left textcolor rgb sky_ink
set label 5 "rows divided by √(m/d)" at 540,1.8e-4 left textcolor rgb grey
unset key
plot file using 2:(of("trig_iid", 3)):4:5 with yerrorlines lc rgb red lw 2 pt 7 ps 0.4 title "trigonometric, iid", \
     file using 2:(of("trig_orthogonal", 3)):4:5 with yerrorlines lc rgb orange lw 2 pt 7 ps 0.4 title "trigonometric, orthogonal", \
     file using 2:(of("positive_iid", 3)):4:5 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.4 title "positive, iid", \
     file using (1.02*$2):(of("positive_orthogonal", 3)):4:5 with yerrorlines lc rgb sky lw 2 pt 7 ps 0.4 title "positive, orthogonal", \
     file using 2:(of("shrunk", 3)):4:5 with yerrorlines lc rgb grey lw 2 dt 2 pt 7 ps 0.4 title "rows divided by √(m/d)"

# ---- positive-against-trig ----
reset
load 'plots/style.gp'
set output data."positive-against-trig.svg"
file = data."positive-against-trig.tsv"
set logscale y
set logscale x 2
set xlabel "rows m of W"
set ylabel "mean square error of the answers, median" offset 1
set xrange [14:9000]
set xtics (16,64,256,1024,4096)
set yrange [1e-3:2e3]
set format y "10^{%L}"
set label 1 "trigonometric" at 300,5 left textcolor rgb red_ink
set label 2 "positive" at 300,0.0045 left textcolor rgb blue
unset key
plot file using 1:2:3:4 with yerrorlines lc rgb red lw 2 pt 7 ps 0.5 title "trigonometric", \
     file using 1:5:6:7 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.5 title "positive"

# ---- against-nothing ----
reset
load 'plots/style.gp'
set output data."against-nothing.svg"
file = data."against-nothing.tsv"
set logscale y
set logscale x 2
set xlabel "rows m of W"
set ylabel "error / error of averaging v, median" offset 1
set xrange [54:9000]
set xtics (64,256,1024,4096)
set yrange [0.02:6]
set format y "%g"
set arrow 1 from 54,1 to 9000,1 nohead lc rgb black dt 3
set label 1 "as good as nothing" at 8700,0.86 right
set key bottom left
ratio(std, rows) = $1 == std && strcol(2) eq rows ? $4 : NaN
plot file using 3:(ratio(0.5, "iid")):5:6 with yerrorlines lc rgb green lw 2 pt 7 ps 0.5 title "std 0.5, iid", \
     file using ($3*1.03):(ratio(0.5, "orthogonal")):5:6 with yerrorlines lc rgb green lw 2 dt 2 pt 6 ps 0.6 title "std 0.5, orthogonal", \
     file using 3:(ratio(1, "iid")):5:6 with yerrorlines lc rgb purple lw 2 pt 7 ps 0.5 title "std 1, iid", \
     file using ($3*1.03):(ratio(1, "orthogonal")):5:6 with yerrorlines lc rgb purple lw 2 dt 2 pt 6 ps 0.6 title "std 1, orthogonal"

# ---- cost ----
reset
load 'plots/style.gp'
set output data."cost.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.14,0.9 spacing 0.1,0
file = data."cost.tsv"
set logscale xy
set xlabel "length L of the sequence"
set ylabel "operations" offset 1
set xrange [28:2400]
set xtics (32,64,128,256,512,1024,2048)
set yrange [1e5:3e9]
set format y "10^{%L}"
set title "of the products, exactly" font ",13"
set key top left
plot file using 1:2 with linespoints lc rgb grey lw 2 pt 7 ps 0.4 title "softmax: 4 L^2 d h", \
     file using 1:3 with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "FAVOR+: 4 L m (2 d + 1) h"
file = data."cost.timing.tsv"
set ylabel "milliseconds" offset 1
set yrange [0.005:300]
set title "measured, forward" font ",13"
plot file using 1:2 with linespoints lc rgb grey lw 2 pt 7 ps 0.4 title "softmax", \
     file using 1:3 with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "FAVOR+, m = 64"
unset multiplot

# ---- training ----
reset
load 'plots/style.gp'
set output data."training.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.1,0
file = data."training.tsv"
forms = "redrawn fixed softmax"
array colours[3] = [orange, blue, grey]
set xlabel "training step"
set ylabel "cross-entropy of a symbol (nats)" offset 1
set xrange [0:600]
set yrange [1e-4:5]
set logscale y
set format y "10^{%L}"
set title "loss" font ",13"
set key bottom left
plot for [i=1:3] for [seed=0:2] file using 1:(column(sprintf("%s_%d", word(forms, i), seed))) with lines lc rgb colours[i] lw 1.5 title (seed ? "" : word(forms, i))
unset logscale y
set format y "%g"
file = data."training-tests.tsv"
set yrange [0:1.03]
unset ylabel
unset key
set title "part of the symbols that is right" font ",13"
plot for [i=1:3] for [seed=0:2] file using 1:(column(sprintf("%s_%d", word(forms, i), seed))) with linespoints lc rgb colours[i] lw 1.5 pt 7 ps 0.4 title word(forms, i)
unset multiplot
