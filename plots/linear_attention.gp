# The figures of chapter linear_attention, from the tables in the folder `data`. Each is a block of its own.

# ---- forms ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."forms.svg"
set terminal @svg size 860,300
file = data."forms.tsv"
set xlabel "rows of a chunk (1: the recurrent form)"
set ylabel "largest difference"
set xrange [-0.5:4.5]
set yrange [1e-17:1e-5]
set logscale y
set format y "10^{%L}"
set label 1 "float32" at 4.1,3.5e-7 left textcolor rgb blue
set label 2 "double" at 3.1,1.2e-15 left textcolor rgb orange_ink
plot file using 0:2:xtic(1) with points lc rgb blue pt 7 ps 0.8 notitle, \
     file using 0:($3 > 0 ? $3 : NaN) with points lc rgb orange pt 7 ps 0.8 notitle

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cost.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.11,0
set logscale xy
set format xy "10^{%L}"
set xtics ("64" 64, "256" 256, "1024" 1024, "4096" 4096)
set xlabel "length N"
set xrange [50:11000]
set yrange [1e5:1e10]
set ylabel "multiply-adds" offset 1
set title "what is computed" font ",13"
file = data."cost.tsv"
set label 1 "all pairs" at 1500,8e8 right textcolor rgb orange_ink
set label 2 "chunks of 32" at 1500,4e6 left textcolor rgb blue
plot file using 1:2 with linespoints lc rgb orange lw 2 pt 7 ps 0.5 notitle, \
     file using 1:3 with linespoints lc rgb blue lw 2 pt 7 ps 0.5 notitle
set yrange [0.005:200]
set format y "%g"
set ylabel "milliseconds" offset 1
set title "how long it takes (one machine, one run)" font ",13"
set label 1 "softmax, all at once" at 1000,10 right textcolor rgb red_ink
set label 2 "softmax, 64 rows at a time" at 4500,90 right textcolor rgb orange_ink
set label 3 "linear, chunks" at 1300,0.11 left textcolor rgb blue
file = data."cost.timing.tsv"
plot file using 1:4 with linespoints lc rgb red lw 2 pt 7 ps 0.5 notitle, \
     file using 1:3 with linespoints lc rgb orange lw 2 pt 7 ps 0.5 notitle, \
     file using 1:2 with linespoints lc rgb blue lw 2 pt 7 ps 0.5 notitle
unset multiplot

# ---- generation ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."generation.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.11,0
set logscale xy
set format y "%g"
set xtics ("64" 64, "256" 256, "1024" 1024, "4096" 4096, "16384" 16384)
set xlabel "tokens so far"
set xrange [50:22000]
set yrange [5:50000]
set ylabel "KiB" offset 1
set title "memory" font ",13"
file = data."generation.tsv"
set label 1 "keys and values" at 1500,3500 right textcolor rgb orange_ink
set label 2 "state" at 4000,27 left textcolor rgb blue
plot file using 1:($2/1024) with linespoints lc rgb orange lw 2 pt 7 ps 0.5 notitle, \
     file using 1:($3/1024) with linespoints lc rgb blue lw 2 pt 7 ps 0.5 notitle
set yrange [0.3:3000]
set ylabel "microseconds for one token" offset 1
set title "time (one machine, one run)" font ",13"
file = data."generation.timing.tsv"
set label 1 "keys and values" at 1500,150 right textcolor rgb orange_ink
set label 2 "state" at 4000,2.5 left textcolor rgb blue
plot file using 1:3 with linespoints lc rgb orange lw 2 pt 7 ps 0.5 notitle, \
     file using 1:2 with linespoints lc rgb blue lw 2 pt 7 ps 0.5 notitle
unset multiplot

# ---- capacity ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."capacity.svg"
file = data."capacity.tsv"
set xlabel "stored pairs n"
set ylabel "squared error of recall, of |v|²" offset 1
set format "%g"
set xrange [0:130]
set yrange [-0.05:2.1]
set arrow 1 from 64, graph 0 to 64, graph 1 nohead lc rgb grey dt 3
set label 1 "n = d" at 65,0.12 left textcolor rgb grey
set label 2 "random unit keys, no normaliser" at 94,1.62 right textcolor rgb green_ink
set label 3 "(n − 1)/d" at 118,1.68 left textcolor rgb black
set label 4 "averaging V, and elu + 1 with unit keys upon it" at 128,1.06 right textcolor rgb blue
set label 5 "elu + 1, keys of length √d" at 24,0.84 left textcolor rgb sky_ink
set label 6 "softmax, keys of length √d" at 128,0.06 right textcolor rgb orange_ink
set label 7 "orthonormal keys, no normaliser" at 15,0.06 left textcolor rgb purple_ink front
plot file using 1:5 with lines lc rgb black dt 2 notitle, \
     file using 1:9 with lines lc rgb "#bbbbbb" lw 7 notitle, \
     file using 1:6 with lines lc rgb blue lw 1.5 notitle, \
     file using 1:7 with linespoints lc rgb sky lw 2 pt 7 ps 0.4 notitle, \
     file using 1:8 with linespoints lc rgb orange lw 2 pt 7 ps 0.4 notitle, \
     file using 1:2 with linespoints lc rgb purple lw 2 pt 7 ps 0.5 notitle, \
     file using 1:3:4 with yerrorbars lc rgb green lw 2 pt 7 ps 0.5 notitle

# ---- copy ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."copy.svg"
file = data."copy.tsv"
set xlabel "training step"
set ylabel "loss (nats per symbol)" offset 1
set format "%g"
set xrange [0:1000]
set yrange [0:3]
set label 1 "chance, ln 16" at 990,2.87 right textcolor rgb grey
set arrow 1 from 0,2.7726 to 1000,2.7726 nohead lc rgb grey dt 3
set label 2 "softmax" at 130,0.4 right textcolor rgb orange_ink
set label 3 "relu" at 292,0.5 left textcolor rgb green_ink
set label 4 "elu + 1" at 425,0.55 left textcolor rgb blue
plot for [i=2:3] file using 1:i with lines lc rgb orange lw 2 notitle, \
     for [i=4:5] file using 1:i with lines lc rgb blue lw 2 notitle, \
     for [i=6:7] file using 1:i with lines lc rgb green lw 2 notitle

# ---- recall ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."recall.svg"
file = data."recall-tests.tsv"
set xlabel "stored pairs n"
set ylabel "part that is recalled" offset 1
set format "%g"
set xrange [3:80]
set yrange [0:1.05]
set logscale x
set xtics (4, 8, 16, 32, 64)
set arrow 1 from 16, graph 0 to 16, graph 1 nohead lc rgb grey dt 3
set arrow 2 from 3,0.0625 to 80,0.0625 nohead lc rgb grey dt 3
set label 1 "n = F" at 16.4,0.2 left textcolor rgb grey
set label 2 "chance" at 3.1,0.1 left textcolor rgb grey
set label 3 "softmax" at 50,0.95 left textcolor rgb orange_ink
set label 4 "elu + 1" at 34,0.62 left textcolor rgb blue
plot file using (strcol(1) eq "softmax" ? $2 : NaN):4 with points lc rgb orange pt 7 ps 0.7 notitle, \
     file using (strcol(1) eq "elu" ? $2 : NaN):4 with points lc rgb blue pt 7 ps 0.7 notitle

# ---- drift ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."drift.svg"
file = data."drift.tsv"
set xlabel "length N"
set ylabel "largest error of dq, of the largest |dq|" offset 1
set logscale xy
set format y "10^{%L}"
set xtics ("64" 64, "256" 256, "1024" 1024, "4096" 4096, "16384" 16384)
set xrange [50:22000]
set yrange [1e-8:1e-1]
set label 1 "state got back by subtraction" at 1800,1.5e-3 right textcolor rgb red_ink
set label 2 "state computed again" at 1800,1e-7 left textcolor rgb blue
plot file using 1:3 with linespoints lc rgb red lw 2 pt 7 ps 0.6 notitle, \
     file using 1:2 with linespoints lc rgb blue lw 2 pt 7 ps 0.6 notitle
