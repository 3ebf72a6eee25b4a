# The figures of chapter rnn, from the tables in the folder `data`.
# Each is a block of its own that begins anew.

# ---- drawing-unrolled ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-unrolled.svg"
@begin_drawing
set xrange [-0.3:12.3]
set yrange [-0.35:4.5]
$boxes << END
1 2 0.45 0.35 0xdcecf7 "h"
1 0.5 0.45 0.35 0xeeeeee "x"
1 3.5 0.45 0.35 0xd9f0e6 "o"
4.2 2 0.45 0.35 0xdcecf7 "h(0)"
6.2 2 0.45 0.35 0xdcecf7 "h(1)"
8.2 2 0.45 0.35 0xdcecf7 "h(2)"
10.2 2 0.45 0.35 0xdcecf7 "h(3)"
6.2 0.5 0.45 0.35 0xeeeeee "x(1)"
8.2 0.5 0.45 0.35 0xeeeeee "x(2)"
10.2 0.5 0.45 0.35 0xeeeeee "x(3)"
6.2 3.5 0.45 0.35 0xd9f0e6 "o(1)"
8.2 3.5 0.45 0.35 0xd9f0e6 "o(2)"
10.2 3.5 0.45 0.35 0xd9f0e6 "o(3)"
END
$lines << END
1.45 2 1.95 2
1.95 2 1.95 2.75
1.95 2.75 0.1 2.75
0.1 2.75 0.1 2
END
$arrows << END
0.1 2 0.55 2
1 0.85 1 1.65
1 2.35 1 3.15
4.65 2 5.75 2
6.65 2 7.75 2
8.65 2 9.75 2
10.65 2 11.6 2
6.2 0.85 6.2 1.65
8.2 0.85 8.2 1.65
10.2 0.85 10.2 1.65
6.2 2.35 6.2 3.15
8.2 2.35 8.2 3.15
10.2 2.35 10.2 3.15
END
$words << END
2.2 2.9 "W"
0.75 1.25 "U"
1.25 3 "V"
11.1 2.25 "W"
5.2 2.25 "W"
7.2 2.25 "W"
9.2 2.25 "W"
5.95 1.25 "U"
7.95 1.25 "U"
9.95 1.25 "U"
5.95 2.75 "V"
7.95 2.75 "V"
9.95 2.75 "V"
3 2 "="
12 2 "…"
END
$notes << END
1 4.3 "the net"
8.2 4.3 "the net, unrolled over time: the same U, W, V at every step"
END
@end_drawing

# ---- drawing-lstm ----
reset
load 'plots/style.gp'
set terminal @svg size 860,380
set output data."drawing-lstm.svg"
@begin_drawing
set xrange [-1.1:12.6]
set yrange [-0.5:5]
$lines << END
0 4 2.04 4
2.36 4 4.84 4
0 0.7 8.2 0.7
4 2.25 4 3
5.9 2.25 5.9 3
END
$arrows << END
5.16 4 11.6 4
2.2 0.7 2.2 1.55
4 0.7 4 1.55
5.9 0.7 5.9 1.55
8.2 0.7 8.2 1.55
2.2 2.25 2.2 3.82
4 3 4.82 3
5.9 3 5.18 3
5 3.16 5 3.82
8.65 1.9 9.52 1.9
9.7 4 9.7 3.35
9.7 2.65 9.7 2.08
9.86 1.9 11.6 1.9
END
$boxes << END
2.2 1.9 0.45 0.35 0xfde9c8 "f  σ"
4 1.9 0.45 0.35 0xfde9c8 "i  σ"
5.9 1.9 0.55 0.35 0xfde9c8 "g  tanh"
8.2 1.9 0.45 0.35 0xfde9c8 "o  σ"
9.7 3 0.45 0.35 0xeeeeee "tanh"
END
$rounds << END
2.2 4 "×"
5 4 "+"
5 3 "×"
9.7 1.9 "×"
END
$words << END
-0.55 4 "c_{t−1}"
-0.55 0.9 "h_{t−1}"
-0.55 0.4 "x_t"
12.05 4 "c_t"
12.05 1.9 "h_t"
END
$dots << END
9.7 4
2.2 0.7
4 0.7
5.9 0.7
END
$notes << END
2.2 4.6 "forget: what is kept"
5 4.6 "add: what is written"
10.4 2.55 "show"
7.1 0.3 "every gate reads x_{t} and h_{t−1} with weights of its own"
END
@end_drawing

# ---- drawing-gru ----
reset
load 'plots/style.gp'
set terminal @svg size 860,370
set output data."drawing-gru.svg"
@begin_drawing
set xrange [-1.1:12.6]
set yrange [-0.6:4.9]
$lines << END
0 4 8.62 4
8.98 4 10.02 4
0 0.55 8.65 0.55
0 0 8.95 0
1.4 1.85 1.4 2.5
6.6 2.68 6.6 3.25
6.6 3.25 8.65 3.25
8.95 3.25 10.2 3.25
END
$arrows << END
10.38 4 11.6 4
1.25 0.55 1.25 1.15
1.55 0 1.55 1.15
3 0.55 3 1.15
5.2 0 5.2 2.15
8.65 0.55 8.65 1.15
8.95 0 8.95 1.15
1.4 2.5 2.82 2.5
3 1.85 3 2.32
3.18 2.5 4.65 2.5
5.75 2.5 6.42 2.5
8.8 1.85 8.8 3.82
8.8 2.5 8.1 2.5
7.1 2.5 6.78 2.5
10.2 3.25 10.2 3.82
END
$boxes << END
1.4 1.5 0.45 0.35 0xfde9c8 "r  σ"
3 1.5 0.45 0.35 0xeeeeee "q"
5.2 2.5 0.55 0.35 0xfde9c8 "n  tanh"
7.6 2.5 0.5 0.35 0xeeeeee "1 − z"
8.8 1.5 0.45 0.35 0xfde9c8 "z  σ"
END
$rounds << END
3 2.5 "×"
6.6 2.5 "×"
8.8 4 "×"
10.2 4 "+"
END
$words << END
-0.55 4 "h_{t−1}"
-0.55 0.55 "h_{t−1}"
-0.55 0 "x_{t}"
12.05 4 "h_{t}"
END
$dots << END
8.8 2.5
1.25 0.55
1.55 0
3 0.55
5.2 0
END
$notes << END
8.8 4.5 "z: what is kept"
11.2 3.25 "1 − z: what is new"
4.2 0.85 "q = W_{hn} h_{t−1} + b_{hn}"
6.2 1.2 "W_{in} x_{t} + b_{in}"
2 2.9 "r: how much of q"
END
@end_drawing

# ---- gradient-norms ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."gradient-norms.svg"
set multiplot
file = data."gradient-norms.tsv"
set logscale y
set format y "10^{%L}"
set xlabel "lag k (steps)"
set ylabel "RMS singular value of ∂h_T/∂h_{T−k}" offset 1
set xrange [0:100]
set xtics 25
set lmargin at screen 0.085; set rmargin at screen 0.375
set tmargin at screen 0.9; set bmargin at screen 0.14
set yrange [1e-5:1e5]
set title "exact: linear nets, LSTM cell" font ",13"
set label 1 "linear, ρ = 1.1" at 102,1.4e4 left textcolor rgb red_ink
set label 2 "linear, ρ = 1" at 102,1.5 left textcolor rgb black
set label 3 "LSTM, f = 0.99" at 102,0.25 left textcolor rgb green_ink
set label 4 "linear, ρ = 0.9" at 102,8e-5 left textcolor rgb blue
set label 5 "LSTM, f = 0.9" at 102,1.8e-5 left textcolor rgb orange_ink
plot file using 1:(column("linear_1.1")) with lines lc rgb red lw 2 notitle, \
     file using 1:(column("linear_1")) with lines lc rgb black lw 2 notitle, \
     file using 1:(column("lstm_0.99")) with lines lc rgb green lw 2 notitle, \
     file using 1:(column("linear_0.9")) with lines lc rgb blue lw 2 notitle, \
     file using 1:(column("lstm_0.9")) with lines lc rgb orange lw 2 dt 2 notitle
unset label
unset ylabel
set title "tanh nets, W = ρQ: the input decides" font ",13"
set lmargin at screen 0.57; set rmargin at screen 0.83
set yrange [1e-20:1e5]
set label 1 "ρ = 1.5, no input," at 102,3e3 left textcolor rgb red_ink
set label 2 "and 0.1 (dashes)" at 102,6e1 left textcolor rgb red_ink
set label 3 "ρ = 1, no input" at 102,2e-1 left textcolor rgb black
set label 4 "ρ = 1, input 0.1" at 102,1e-3 left textcolor rgb sky_ink
set label 5 "ρ = 1.5, input 1" at 102,8e-7 left textcolor rgb orange_ink
set label 6 "ρ = 1, input 1" at 102,3e-20 left textcolor rgb blue
plot file using 1:(column("tanh_1.5_weak")) with lines lc rgb red lw 2 dt 2 notitle, \
     file using 1:(column("tanh_1.5_free")) with lines lc rgb red lw 2 notitle, \
     file using 1:(column("tanh_1_free")) with lines lc rgb black lw 2 notitle, \
     file using 1:(column("tanh_1_weak")) with lines lc rgb sky lw 2 notitle, \
     file using 1:(column("tanh_1.5_strong")) with lines lc rgb orange lw 2 notitle, \
     file using 1:(column("tanh_1_strong")) with lines lc rgb blue lw 2 notitle
unset multiplot

# ---- error-wall ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."error-wall.svg"
set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.17,0
paths = data."error-wall-paths.tsv"
set title "descent over the error, from ●" font ",13"
set xlabel "w"
set ylabel "b" offset 1
set xrange [4.2:6.3]
set yrange [-3.2:-1.7]
set palette defined (0 "#ffffff", 0.1 "#cfe3f1", 0.3 "#7fb2d6", 0.6 "#2b6ca3", 1 "#08305c")
set cbrange [0:0.5]
set cblabel "E" rotate by 0 offset -1
set colorbox
set key bottom left opaque height 0.3
plot data."error-wall.tsv" using 1:2:3 with image notitle, \
     paths using (strcol(1) eq "clipped" ? $3 : NaN):4 with linespoints lc rgb orange lw 2 pt 7 ps 0.35 title "clipped to norm 1", \
     paths using (strcol(1) eq "unclipped" && $2 <= 22 ? $3 : NaN):4 with lines lc rgb red lw 2 dt 2 title "not clipped: leaves", \
     "<echo 'w\tb\n5.2\t-2.5'" using 1:2 with points pt 7 ps 0.9 lc rgb black notitle
set title "how steep the wall is" font ",13"
set xlabel "b"
set ylabel "largest |∂E/∂w| at this b" offset 0.5
set xrange [-3.2:-2.32]
set yrange [1e1:1e8]
set logscale y
set format y "10^{%L}"
unset colorbox
unset key
plot data."error-wall-ridge.tsv" using 1:3 with lines lc rgb blue lw 2 notitle
unset multiplot

# ---- adding-problem ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."adding-problem.svg"
file = data."adding-problem.tsv"
set key bottom right height 0.3
set xlabel "step of training (batches of 50)"
set ylabel "mean squared error, mean of 25 steps" offset 0.5
set logscale y
set format y "10^{%L}"
set xrange [0:2500]
set yrange [1e-4:1]
set label 1 "chance 1/6" at 2480,0.24 right textcolor rgb black
plot 1.0/6 with lines lc rgb black lw 1 dt 3 notitle, \
     for [s=0:2] file using 1:(column(sprintf("irnn_50_%d", s))) with lines lc rgb orange lw 1.6 title (s == 0 ? "IRNN, T = 50" : ""), \
     for [s=0:2] file using 1:(column(sprintf("lstm_%d", s))) with lines lc rgb blue lw 1.6 title (s == 0 ? "LSTM, T = 100" : ""), \
     for [s=0:2] file using 1:(column(sprintf("gru_%d", s))) with lines lc rgb green lw 1.6 title (s == 0 ? "GRU, T = 100" : ""), \
     for [s=0:2] file using 1:(column(sprintf("tanh_50_%d", s))) with lines lc rgb grey lw 1.2 title (s == 0 ? "tanh, T = 50" : ""), \
     for [s=0:2] file using 1:(column(sprintf("tanh_%d", s))) with lines lc rgb purple lw 1.6 title (s == 0 ? "tanh, T = 100" : "")

# ---- adder ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,460
set output data."adder.svg"
set multiplot
file = data."adder.tsv"
set xrange [0:101]
set lmargin at screen 0.09; set rmargin at screen 0.97
set tmargin at screen 0.95; set bmargin at screen 0.69
set yrange [0:1.05]
set ytics 0.5
set format x ""
set ylabel "input" offset 1
set label 1 "what the net reads: numbers, and in vermilion the two that are marked" at 1,1.14 left
plot file using 1:($3 == 0 ? $2 : NaN) with impulses lc rgb "#bbbbbb" lw 1.5 notitle, \
     file using 1:($3 == 1 ? $2 : NaN) with impulses lc rgb red lw 4 notitle
set tmargin at screen 0.61; set bmargin at screen 0.4
set label 1 "the unit's gates" at 1,1.16 left
set ylabel "gates" offset 1
set key at graph 1,1.22 right horizontal
plot file using 1:5 with lines lc rgb blue lw 2 title "forget gate f", \
     file using 1:4 with impulses lc rgb orange lw 3 title "input gate i"
set tmargin at screen 0.34; set bmargin at screen 0.14
unset key
set label 1 "its cell" at graph 0.01,1.08 left
set format x "%g"
set xlabel "step"
set ylabel "c" offset 1
set yrange [*:*]
set ytics 0.2
plot file using 1:6 with lines lc rgb green lw 2 notitle
unset multiplot

# ---- copy-memory ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."copy-memory.svg"
file = data."copy-memory.tsv"
set xlabel "step of training (batches of 32)"
set ylabel "cross-entropy per step (nats), mean of 25 steps" offset 0.5
set format y "%g"
set xrange [0:1200]
set yrange [0.1:0.7]
set key top right spacing 1 height 0.3
set label 1 "memoryless, delay 30" at 1190,0.445 right textcolor rgb black
set label 2 "memoryless, delay 100" at 1190,0.19 right textcolor rgb black
plot 10 * log(8) / 50 with lines lc rgb black lw 1 dt 3 notitle, \
     10 * log(8) / 120 with lines lc rgb black lw 1 dt 3 notitle, \
     for [s=0:2] file using 1:(column(sprintf("tanh_30_%d", s))) with lines lc rgb purple lw 1.4 title (s == 0 ? "tanh, delay 30" : ""), \
     for [s=0:2] file using 1:(column(sprintf("lstm_30_%d", s))) with lines lc rgb blue lw 1.4 title (s == 0 ? "LSTM, delay 30" : ""), \
     for [s=0:2] file using 1:(column(sprintf("gru_30_%d", s))) with lines lc rgb green lw 1.4 title (s == 0 ? "GRU, delay 30" : ""), \
     file using 1:(column("lstm_100_0")) with lines lc rgb sky lw 1.8 title "LSTM, delay 100", \
     file using 1:(column("gru_100_0")) with lines lc rgb orange lw 1.8 title "GRU, delay 100"

# ---- character-model ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."character-model.svg"
file = data."character-model.tsv"
set xlabel "characters read (millions)"
set ylabel "loss on unseen text less the oracle's (nats)" offset 0.5
set format y "%g"
set key top right height 0.3
set logscale y
set xrange [0:1.3]
set yrange [0.01:2]
plot file using ($1/1e6):"tanh" with linespoints pt 7 ps 0.4 lc rgb purple lw 2 title "tanh, 134 units", \
     file using ($1/1e6):"lstm" with linespoints pt 7 ps 0.4 lc rgb blue lw 2 title "LSTM, 64 units", \
     file using ($1/1e6):"gru" with linespoints pt 7 ps 0.4 lc rgb green lw 2 title "GRU, 75 units"
