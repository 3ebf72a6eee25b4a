# The figures of chapter checkpointing, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-segments ----
reset
load 'plots/style.gp'
set terminal @svg size 860,300
set output data."drawing-segments.svg"
@begin_drawing
set xrange [-1.4:15.2]
set yrange [-0.3:5.3]
# Six steps in two segments: forward, then back over the second, then back over the first.
at(i) = 1.2 + 2.2 * i
set print $boxes
do for [i = 0:6] { print sprintf("%g 4.2 0.42 0.34 %d \"h_%d\"", at(i), i % 3 == 0 ? box_gate : 0xffffff, i) }
do for [i = 3:6] { print sprintf("%g 2.4 0.42 0.34 %d \"h_%d\"", at(i), i == 3 || i == 6 ? box_gate : box_state, i) }
do for [i = 0:3] { print sprintf("%g 0.6 0.42 0.34 %d \"h_%d\"", at(i), i % 3 == 0 ? box_gate : box_state, i) }
set print
set print $arrows
do for [i = 0:5] { print sprintf("%g 4.2 %g 4.2", at(i) + 0.44, at(i + 1) - 0.46) }
do for [i = 3:5] { print sprintf("%g 2.5 %g 2.5", at(i) + 0.44, at(i + 1) - 0.46) }
do for [i = 3:5] { print sprintf("%g 2.3 %g 2.3", at(i + 1) - 0.44, at(i) + 0.46) }
do for [i = 0:2] { print sprintf("%g 0.7 %g 0.7", at(i) + 0.44, at(i + 1) - 0.46) }
do for [i = 0:2] { print sprintf("%g 0.5 %g 0.5", at(i + 1) - 0.44, at(i) + 0.46) }
set print
$words << END
-0.5 4.2 "1"
-0.5 2.4 "2"
-0.5 0.6 "3"
END
$notes << END
7.8 4.9 "forward: orange states are kept, white ones forgotten"
11.1 3.1 "from state 3 forward again, all kept (blue); then back to state 3"
4.5 1.3 "from state 0 forward again, all kept; then back to state 0"
10.4 0.6 "states 4 and 5 are forgotten by now"
END
@end_drawing

# ---- drawing-revolve ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,400
set output data."drawing-revolve.svg"
file = data."revolve-actions.tsv"
set xlabel "state"
set ylabel "action" offset 0.5
set xrange [-0.4:10.4]
set xtics 0,1,10
set yrange [26:0]
set ytics 5
set key at graph 0.99,0.3 right height 0.3
plot file using (strcol(2) eq "advance" ? $3 : NaN):1:($4-$3):(0) with vectors head filled size graph 0.012,20 lc rgb blue lw 2 title "advance from the newest stored state", \
     file using (strcol(2) eq "reverse" ? $4 : NaN):1:($3-$4):(0) with vectors head filled size graph 0.012,20 lc rgb red lw 2 title "reverse one step", \
     file using (strcol(2) eq "store" ? $3 : NaN):1 with points pt 7 ps 1 lc rgb orange title "store"

# ---- plane ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,430
set output data."plane.svg"
set multiplot
file = data."plane.tsv"
is(name, y) = strcol(1) eq name ? y : NaN
set lmargin at screen 0.08
set rmargin at screen 0.60
set tmargin at screen 0.90
set bmargin at screen 0.14
set logscale xy
set xlabel "steps evaluated forward (64 are needed)"
set ylabel "states at the most, all that is kept" offset 0.5
set xrange [55:2600]
set xtics (64,128,256,512,1024,2048)
set yrange [8:4000]
set ytics (10,20,50,100,200,500)
set key top right height 0.3 samplen 1
set label 1 "K = 1" at 138,250 left textcolor rgb orange_ink font ",11"
set label 2 "K = 11" at 120,40 left textcolor rgb orange_ink font ",11"
set label 3 "K = 64" at 138,138 left textcolor rgb orange_ink font ",11"
set label 4 "10 slots" at 150,16.5 right textcolor rgb "#0072b2" font ",11"
set label 5 "one slot" at 2080,11.5 center textcolor rgb "#0072b2" font ",11"
set title "memory" font ",13"
plot file using 3:(is("plain", $6)) with points pt 7 ps 1.1 lc rgb black title "plain tape", \
     file using 3:(is("segments", $6)) with points pt 7 ps 0.7 lc rgb orange title "K segments", \
     file using 3:(is("nested", $6)) with linespoints pt 6 ps 0.8 lc rgb red lw 1.2 dt 2 title "Revolve's splits, calls inside calls", \
     file using 3:(is("revolve", $6)) with linespoints pt 7 ps 0.7 lc rgb blue lw 1.6 title "Revolve, a loop over states"
unset label
unset logscale
file = data."plane.timing.tsv"
set lmargin at screen 0.70
set rmargin at screen 0.98
set ylabel "milliseconds of one thread" offset 0.5
set xlabel "steps evaluated forward"
set xrange [0:520]
set xtics 0,128,512
set ytics autofreq
set yrange [0:*]
unset key
set title "time, measured" font ",13"
plot file using 3:(is("plain", 1e3 * $4)) with points pt 7 ps 1.1 lc rgb black, \
     file using 3:(is("segments", 1e3 * $4)) with points pt 7 ps 0.7 lc rgb orange, \
     file using 3:(is("nested", 1e3 * $4)) with points pt 6 ps 0.9 lc rgb red, \
     file using 3:(is("revolve", 1e3 * $4)) with points pt 7 ps 0.8 lc rgb blue
unset multiplot

# ---- layers ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."layers.svg"
file = data."layers.tsv"
set logscale xy
set xlabel "layers in a segment"
set ylabel "states on the tape at the most" offset 0.5
set xrange [0.9:18]
set xtics (1,2,4,8,16)
set yrange [50:1300]
set ytics (50,100,200,500,1000)
set key top left height 0.3
set label 1 "sqrt(16)" at 4,200 center textcolor rgb grey font ",11"
plot file using 1:4 with lines lc rgb grey lw 1.4 title "2 K + a g, the formula", \
     file using 1:3 with points pt 7 ps 0.9 lc rgb blue title "16 layers, measured", \
     file using 1:5 with lines lc rgb black lw 1 dt 3 title "plain tape"

# ---- selective ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."selective.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.17,0.88 spacing 0.11,0
set style data histograms
set style histogram clustered gap 1.2
set style fill solid 0.9 border lc rgb "#444444"
set boxwidth 0.9
file = data."selective.tsv"
set xlabel "width D, length T"
set ylabel "peak, as a part of the plain tape's" offset 0.5
set yrange [0:1.25]
set xrange [-0.6:3.6]
unset key
set xtics ("64, 128" 0, "64, 512" 1, "256, 128" 2, "256, 512" 3)
set title "memory" font ",13"
plot file every 3::0 using 8 lc rgb grey, file every 3::1 using 8 lc rgb blue, file every 3::2 using 8 lc rgb orange
file = data."selective.timing.tsv"
set ylabel "time, over the plain tape's" offset 0.5
set yrange [0:2.6]
set key top right height 0.3
set title "time, measured, one thread" font ",13"
plot file every 3::0 using 6 lc rgb grey title "plain", file every 3::1 using 6 lc rgb blue title "each layer computed again", \
     file every 3::2 using 6 lc rgb orange title "scores and weights computed again"
unset multiplot

# ---- revolve ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,380
set output data."revolve.svg"
file = data."revolve.tsv"
set xlabel "steps l"
set ylabel "slots s" offset 0.5
set xrange [0.5:130.5]
set yrange [0.5:16.5]
set ytics (1,4,8,12,16)
set cbrange [1:6]
set cblabel "evaluations a step"
set palette defined (1 "#ffffff", 2 "#cfe3f1", 3 "#7fb2d6", 4.5 "#2b6ca3", 6 "#08305c")
unset key
unset grid
set label 1 "r = 1" at 2,14 textcolor rgb black font ",12" front
set label 2 "r = 2" at 45,11 textcolor rgb black font ",12" front
set label 3 "r = 3" at 90,9 textcolor rgb black font ",12" front
set label 4 "r = 4 and more" at 98,5.2 textcolor rgb black font ",12" front
plot file using 1:2:4 with image pixels, \
     data."revolve-longest.tsv" every 6::0 using ($3 + 0.5):($1 - 0.5) with fsteps lc rgb red lw 1.6, \
     data."revolve-longest.tsv" every 6::1 using ($3 + 0.5):($1 - 0.5) with fsteps lc rgb red lw 1.6, \
     data."revolve-longest.tsv" every 6::2 using ($3 + 0.5):($1 - 0.5) with fsteps lc rgb red lw 1.6

# ---- reversible ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."reversible.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.15,0.88 spacing 0.11,0
file = data."reversible.tsv"
set xlabel "layers there and back"
set xrange [0:66]
set xtics 16
set logscale y
set format y "10^{%L}"
set ylabel "relative error of what is got back" offset 0.5
set yrange [1e-8:1e-3]
unset key
set title "three seeds" font ",13"
plot for [c = 2:4] file using 1:c with linespoints pt 7 ps 0.4 lc rgb blue lw 1.4
unset logscale y
set format y "%g"
set ylabel "part of the values with the same bits" offset 0.5
set yrange [0:1]
plot for [c = 5:7] file using 1:c with linespoints pt 7 ps 0.4 lc rgb blue lw 1.4
unset multiplot
