# The figures of chapter linear_attention, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-order ----
reset
load 'plots/style.gp'
set terminal @svg size 860,300
set output data."drawing-order.svg"
@begin_drawing
set xrange [-0.3:21.3]
set yrange [-0.6:6.6]
$boxes << END
2.5 3 2.0 2.0 0xf7dede "Q K^{⊤}"
5.9 3 0.55 2.0 0xeeeeee "V"
8.7 3 0.55 2.0 0xd9f0e6 "O"
13.4 3 0.55 2.0 0xeeeeee "Q"
15.9 3 0.55 0.55 0xdcecf7 "K^{⊤}V"
18.8 3 0.55 2.0 0xd9f0e6 "O"
END
$words << END
4.9 3 "·"
7.3 3 "="
14.4 3 "·"
17.4 3 "="
2.5 0.55 "N"
0.15 3 "N"
5.9 0.55 "m"
15.9 2.05 "m"
15 3 "d"
13.4 0.55 "d"
12.5 3 "N"
END
$notes << END
4.3 6.1 "first Q K^{⊤}: a square as large as the text is long"
15.7 6.1 "first K^{⊤}V: d by m, however long the text is"
END
@end_drawing

# ---- drawing-state ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-state.svg"
@begin_drawing
set xrange [-0.4:14.4]
set yrange [-0.3:5.4]
$boxes << END
0.5 2 0.7 0.4 0xdcecf7 "S_0, z_0"
4.1 2 0.7 0.4 0xdcecf7 "S_1, z_1"
7.7 2 0.7 0.4 0xdcecf7 "S_2, z_2"
11.3 2 0.7 0.4 0xdcecf7 "S_3, z_3"
2.3 0.4 0.7 0.4 0xeeeeee "k_1, v_1"
5.9 0.4 0.7 0.4 0xeeeeee "k_2, v_2"
9.5 0.4 0.7 0.4 0xeeeeee "k_3, v_3"
2.5 3.5 0.4 0.4 0xeeeeee "q_1"
6.1 3.5 0.4 0.4 0xeeeeee "q_2"
9.7 3.5 0.4 0.4 0xeeeeee "q_3"
4.1 4.8 0.5 0.38 0xd9f0e6 "o_1"
7.7 4.8 0.5 0.38 0xd9f0e6 "o_2"
11.3 4.8 0.5 0.38 0xd9f0e6 "o_3"
END
$rounds << END
2.3 2 "+"
5.9 2 "+"
9.5 2 "+"
4.1 3.5 "?"
7.7 3.5 "?"
11.3 3.5 "?"
END
$arrows << END
1.2 2 2.12 2
2.48 2 3.38 2
4.8 2 5.72 2
6.08 2 6.98 2
8.4 2 9.32 2
9.68 2 10.58 2
12 2 13.3 2
2.3 0.8 2.3 1.82
5.9 0.8 5.9 1.82
9.5 0.8 9.5 1.82
4.1 2.4 4.1 3.32
7.7 2.4 7.7 3.32
11.3 2.4 11.3 3.32
2.9 3.5 3.92 3.5
6.5 3.5 7.52 3.5
10.1 3.5 11.12 3.5
4.1 3.68 4.1 4.42
7.7 3.68 7.7 4.42
11.3 3.68 11.3 4.42
END
$words << END
13.8 2 "…"
END
$notes << END
12.4 0.4 "write: S + k v^{⊤}, z + k"
13.1 3.5 "read: S^{⊤}q / z·q"
END
@end_drawing

# ---- drawing-chunks ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-chunks.svg"
@begin_drawing
set xrange [-2:48]
set yrange [-3.6:15.6]
# Three squares of 12 queries by 12 keys: pairs are vermilion, what comes from a state is blue.
$boxes << END
-99 -99 1 1 0 "."
END
pairs = "#f2b8a0"; state = "#b9d9ee"
left(p) = 1 + 16.5 * p
set object 1 polygon from left(0),12 to left(0),0 to left(0)+12,0 to left(0),12 fs solid 1 border lc rgb "#444444" fc rgb pairs
do for [r=0:11] { set object 10+r rectangle from left(1),11-r to left(1)+r+1,12-r fs solid 1 border lc rgb "#ffffff" fc rgb state }
do for [r=0:3] { set object 30+r polygon from left(2)+3*r,12-3*r to left(2)+3*r,9-3*r to left(2)+3*r+3,9-3*r to left(2)+3*r,12-3*r fs solid 1 border lc rgb "#444444" fc rgb pairs }
do for [r=1:3] { set object 40+r rectangle from left(2),9-3*r to left(2)+3*r,12-3*r fs solid 1 border lc rgb "#444444" fc rgb state }
do for [p=0:2] { set object 50+p rectangle from left(p),0 to left(p)+12,12 fs empty border lc rgb "#444444" }
$words << END
7 14.6 "parallel"
23.5 14.6 "recurrent"
40 14.6 "in chunks of C"
4.4 3.6 "P = tril(Q K^{⊤})"
20.6 4.2 "S_i, z_i"
37 1.5 "from S, z"
36.6 4.5 "from S, z"
END
$notes << END
7 13 "keys j →"
-0.4 12.8 "i ↓"
7 -1.3 "all pairs at once"
23.5 -1.3 "a state at every step"
40 -1.3 "pairs within a chunk, the state before it"
7 -2.8 "cost N^{2}(F + m)"
23.5 -2.8 "cost 2 N F m, one by one"
40 -2.8 "cost N C (F + m) + 2 N F m"
END
@end_drawing

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cost.svg"
set logscale xy
set xtics ("64" 64, "256" 256, "1024" 1024, "4096" 4096)
set xlabel "length N"
set xrange [50:11000]
set yrange [0.005:1000]
set format y "%g"
set ylabel "milliseconds (one machine, one run)" offset 1
set label 1 "softmax, all at once" at 420,25 right textcolor rgb red_ink
set label 2 "softmax, 64 rows at a time" at 2700,4 left textcolor rgb orange_ink
set label 3 "linear, chunks of 32" at 1900,0.06 left textcolor rgb blue
file = data."cost.timing.tsv"
plot file using 1:4 with linespoints lc rgb red lw 2 pt 7 ps 0.5 notitle, \
     file using 1:3 with linespoints lc rgb orange lw 2 pt 7 ps 0.5 notitle, \
     file using 1:2 with linespoints lc rgb blue lw 2 pt 7 ps 0.5 notitle

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
set terminal @svg size 860,430
set output data."capacity.svg"
file = data."capacity.tsv"
set xlabel "stored pairs n"
set ylabel "squared error of recall, of |v|²" offset 1
set format "%g"
set rmargin 34
set xrange [0:130]
set yrange [-0.05:2.1]
set arrow 1 from 64, graph 0 to 64, graph 1 nohead lc rgb grey dt 3
set label 1 "n = d" at 65.5,0.3 left textcolor rgb grey
set label 2 "random unit keys, no normaliser" at 132,1.98 left textcolor rgb green_ink
set label 3 "(n − 1)/d" at 132,1.84 left textcolor rgb black
set label 4 "averaging V (grey), and upon it" at 132,1.10 left textcolor rgb grey
set label 5 "elu + 1, unit keys" at 132,0.99 left textcolor rgb blue
set label 6 "elu + 1, keys of length √d" at 132,0.86 left textcolor rgb sky_ink
set label 7 "softmax, keys of length √d" at 132,0.03 left textcolor rgb orange_ink
set label 8 "orthonormal keys" at 11,0.07 left textcolor rgb purple_ink front
plot file using 1:5 with lines lc rgb black dt 2 notitle, \
     file using 1:9 with lines lc rgb "#bbbbbb" lw 7 notitle, \
     file using 1:6 with lines lc rgb blue lw 1.5 notitle, \
     file using 1:7 with linespoints lc rgb sky lw 2 pt 7 ps 0.4 notitle, \
     file using 1:8 with linespoints lc rgb orange lw 2 pt 7 ps 0.4 notitle, \
     file using 1:2 with linespoints lc rgb purple lw 2 pt 7 ps 0.5 notitle, \
     file using 1:3:4 with yerrorbars lc rgb green lw 2 pt 7 ps 0.5 notitle

# ---- overwrite ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."overwrite.svg"
file = data."overwrite.tsv"
set xlabel "rounds: each of 8 keys has got so many values"
set ylabel "squared error of the newest value, of |v|²" offset 1
set format y "%g"
set logscale y
set rmargin 22
set xrange [0:33]
set yrange [0.03:60]
set arrow 1 from 0,1 to 33,1 nohead lc rgb grey dt 3
set label 1 "always answering 0" at 5,1.35 left textcolor rgb grey
set label 2 "plain sum" at 33.6,34 left textcolor rgb blue
set label 3 "decay, γ = 0.9" at 33.6,0.3 left textcolor rgb orange_ink
set label 4 "delta rule, β = 1" at 33.6,0.1 left textcolor rgb green_ink
set label 5 "R − 1 + 7R/64 (dashed)" at 20,14 left textcolor rgb black
plot file using 1:4 with lines lc rgb black dt 2 notitle, \
     file using 1:2 with points lc rgb blue pt 7 ps 0.5 notitle, \
     file using 1:5 with linespoints lc rgb orange lw 2 pt 7 ps 0.4 notitle, \
     file using 1:6 with linespoints lc rgb green lw 2 pt 7 ps 0.4 notitle

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
plot for [i=2:4] file using 1:i with lines lc rgb orange lw 1.4 notitle, \
     for [i=5:7] file using 1:i with lines lc rgb blue lw 1.4 notitle, \
     for [i=8:10] file using 1:i with lines lc rgb green lw 1.4 notitle

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
