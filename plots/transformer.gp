# The figures of chapter transformer, from the tables in the folder `data`. Each is a block of its own.

# ---- scaling ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."scaling.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.1,0
file = data."scaling.tsv"
set logscale x 2
set xlabel "width d of queries and keys"
set xrange [0.8:640]
set yrange [0:1]
set title "largest of 64 weights" font ",13"
set label 1 "softmax(q·k)" at 20,0.75 right textcolor rgb red_ink
set label 2 "softmax(q·k / √d)" at 20,0.17 left textcolor rgb blue
plot file every 2::0 using 1:5:6 with yerrorlines lc rgb red lw 2 pt 7 ps 0.4 notitle, \
     file every 2::1 using 1:5:6 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.4 notitle
set title "trace of the softmax's Jacobian" font ",13"
set label 1 at 10,0.45 right
set label 2 at 20,0.9 left
plot file every 2::0 using 1:7:8 with yerrorlines lc rgb red lw 2 pt 7 ps 0.4 notitle, \
     file every 2::1 using 1:7:8 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.4 notitle
unset multiplot

# ---- warm-up ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."warm-up.svg"
file = data."warm-up.tsv"
set xlabel "layer (1: at the input, 12: at the loss)"
set ylabel "|∂L/∂W_2| before the first step"
set xrange [0.5:12.5]
set xtics 1
set yrange [0:1.1]
set label 1 "post-norm" at 11.4,0.97 right textcolor rgb red_ink
set label 2 "pre-norm" at 11.4,0.28 right textcolor rgb blue
plot file using 1:2:3 with yerrorlines lc rgb red lw 2 pt 7 ps 0.5 notitle, \
     file using 1:4:5 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.5 notitle

# ---- reverse ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."reverse.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.1,0
file = data."reverse.tsv"
set xlabel "training step"
set ylabel "cross-entropy (nats)" offset 1
set xrange [0:800]
set yrange [0.0003:5]
set logscale y
set format y "10^{%L}"
set title "loss" font ",13"
set key bottom left
plot file using 1:(column("post_0")) with lines lc rgb red lw 1.5 title "post-norm", \
     file using 1:(column("post_1")) with lines lc rgb red lw 1.5 notitle, \
     file using 1:(column("pre_0")) with lines lc rgb blue lw 1.5 title "pre-norm", \
     file using 1:(column("pre_1")) with lines lc rgb blue lw 1.5 notitle
unset logscale y
set format y "%g"
file = data."reverse-tests.tsv"
set yrange [0:1.03]
unset ylabel
set title "part of 500 sequences without a mistake" font ",13"
unset key
plot file using 1:(column("post_0")) with linespoints lc rgb red lw 1.5 pt 7 ps 0.4, \
     file using 1:(column("post_1")) with linespoints lc rgb red lw 1.5 pt 7 ps 0.4, \
     file using 1:(column("pre_0")) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.4, \
     file using 1:(column("pre_1")) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.4
unset multiplot

# ---- reverse-attention ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."reverse-attention.svg"
set terminal @svg size 860,285
set format y "%g"
set multiplot layout 1,4 margins 0.055,0.915,0.21,0.86 spacing 0.025,0
file = data."reverse-attention.tsv"
set palette defined (0 "#ffffff", 0.1 "#cfe3f1", 0.3 "#7fb2d6", 0.6 "#2b6ca3", 1 "#08305c")
set cbrange [0:1]
set xrange [0.5:10.5]
set yrange [10.5:0.5]
set xtics 1,3,10
set ytics 1,3,10
set xlabel "position in the source"
unset grid
unset colorbox
do for [head = 1:4] {
    if (head == 1) { set ylabel "output position" offset 1 } else { unset ylabel; set format y "" }
    if (head == 4) { set colorbox user origin 0.93,0.21 size 0.015,0.65; set cbtics 0.5 }
    set title sprintf("head %d", head) font ",13"
    plot file every ::(100 * (head - 1))::(100 * head - 1) using 3:2:4 with image pixels notitle
}
unset multiplot

# ---- addition ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."addition.svg"
set multiplot layout 1,2 margins 0.08,0.975,0.14,0.9 spacing 0.1,0
file = data."addition.tsv"
set format y "%g"
set xlabel "training step"
set ylabel "cross-entropy of a digit (nats)" offset 1
set xrange [0:1200]
set yrange [0:2.6]
set title "loss" font ",13"
set key top right
plot file using 1:(column("least_first_0")) with lines lc rgb blue lw 1.5 title "least significant digit first", \
     file using 1:(column("least_first_1")) with lines lc rgb blue lw 1.5 notitle, \
     file using 1:(column("most_first_0")) with lines lc rgb orange lw 1.5 title "most significant digit first", \
     file using 1:(column("most_first_1")) with lines lc rgb orange lw 1.5 notitle
file = data."addition-tests.tsv"
set yrange [0:1.03]
unset ylabel
unset key
set title "part of 1000 unseen sums that are right" font ",13"
plot file using 1:(column("least_first_0")) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.4, \
     file using 1:(column("least_first_1")) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.4, \
     file using 1:(column("most_first_0")) with linespoints lc rgb orange lw 1.5 pt 7 ps 0.4, \
     file using 1:(column("most_first_1")) with linespoints lc rgb orange lw 1.5 pt 7 ps 0.4
unset multiplot

# ---- language ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."language.svg"
file = data."language.tsv"
unset key
set xlabel "symbols read (thousands)"
set ylabel "loss above the oracle's (nats)"
set logscale y
set format y "%g"
set xrange [0:1450]
set yrange [0.003:2]
set label 1 "Transformer" at 1295,0.0085 left textcolor rgb blue
set label 2 "GRU" at 1295,0.0053 left textcolor rgb green_ink
plot file using ($1/1000):2 with linespoints lc rgb blue lw 2 pt 7 ps 0.4 notitle, \
     file using ($1/1000):3 with linespoints lc rgb green lw 2 pt 7 ps 0.4 notitle

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cost.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.14,0.9 spacing 0.1,0
file = data."cost.tsv"
set logscale xy
set xlabel "length N of the sequence"
set ylabel "operations"
set xrange [28:2400]
set xtics (32,64,128,256,512,1024,2048)
set yrange [2e5:2e9]
set format y "10^{%L}"
set title "of one layer, exactly" font ",13"
set key top left
plot file using 1:3 with linespoints lc rgb red lw 2 pt 7 ps 0.4 title "attention: 4 N^2 D", \
     file using 1:($2+$4) with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "all else: 8 N D^2 + 4 N D F"
file = data."cost.timing.tsv"
set ylabel "milliseconds"
set yrange [0.005:100]
set title "measured, forward" font ",13"
plot file using 1:3 with linespoints lc rgb red lw 2 pt 7 ps 0.4 title "attention", \
     file using 1:($2-$3) with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "all else"
unset multiplot
