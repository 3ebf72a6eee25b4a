# The figures of chapter gau, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-unit ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-unit.svg"
@begin_drawing
set xrange [-2.4:17.3]
set yrange [-0.6:6.4]
$boxes << END
0 3 0.85 0.42 0xeeeeee "RMSNorm"
3 5.2 1.05 0.42 0xdcecf7 "W_u, SiLU"
3 3 1.05 0.42 0xdcecf7 "W_v, SiLU"
3 0.8 1.05 0.42 0xdcecf7 "W_z, SiLU"
6.7 1.35 1.25 0.36 0xfde9c8 "× gain_q + shift_q"
6.7 0.25 1.25 0.36 0xfde9c8 "× gain_k + shift_k"
10.45 0.8 1.5 0.42 0xfde9c8 "max(q k / n, 0)^2"
10.3 3 1 0.42 0xd9f0e6 "A v"
14.4 4.1 0.7 0.42 0xdcecf7 "W_o"
END
$rounds << END
12.6 4.1 "×"
15.9 4.1 "+"
END
$lines << END
1.2 3 1.2 5.2
1.2 3 1.2 0.8
-1.5 3 -1.5 6.1
4.05 5.2 12.6 5.2
11.3 3 12.6 3
5 0.8 5 1.35
5 0.8 5 0.25
8.6 1.35 8.6 0.8
8.6 0.25 8.6 0.8
7.95 1.35 8.6 1.35
7.95 0.25 8.6 0.25
4.05 0.8 5 0.8
-1.5 6.1 15.9 6.1
END
$arrows << END
-2.3 3 -0.85 3
0.85 3 1.95 3
1.2 5.2 1.95 5.2
1.2 0.8 1.95 0.8
4.05 3 9.3 3
5 1.35 5.45 1.35
5 0.25 5.45 0.25
8.6 0.8 8.95 0.8
10.3 1.22 10.3 2.58
12.6 5.2 12.6 4.27
12.6 3 12.6 3.93
12.77 4.1 13.7 4.1
15.1 4.1 15.73 4.1
15.9 6.1 15.9 4.27
16.07 4.1 17 4.1
END
$dots << END
5 0.8
1.2 3
-1.5 3
END
$words << END
8 5.5 "u: the gate"
6.7 3.3 "v: the values"
4.55 1.1 "z"
8.85 1.65 "q"
8.85 0.05 "k"
10.75 1.9 "A"
END
$notes << END
7 5.82 "the residual: x, before its norm"
-1.95 3.3 "x"
10.3 0.05 "one head"
11.9 3.3 "answer"
END
@end_drawing

# ---- drawing-reach ----
reset
load 'plots/style.gp'
set terminal @svg size 860,270
set output data."drawing-reach.svg"
@begin_drawing
set xrange [-0.6:20.4]
set yrange [-1.7:4.9]
# 12 queries, 12 keys, chunks of 4.
n = 12; C = 4; w = 0.155
own(r, c) = int((r - 1) / C) == int((c - 1) / C)
before(r, c) = int((r - 1) / C) == int((c - 1) / C) + 1
pair = 0x2b6ca3; far = 0xfdc66b; none = 0xf4f4f4
colour(kind, r, c) = c > r ? 0xffffff : kind == 1 ? pair : kind == 2 ? (own(r, c) ? pair : far) : kind == 3 ? far : \
    kind == 4 ? (own(r, c) ? pair : none) : (own(r, c) || before(r, c) ? pair : none)
set print $boxes
do for [kind = 1:5] { do for [r = 1:n] { do for [c = 1:n] {
    print sprintf("%g %g %g %g %d \" \"", 4.15 * (kind - 1) + 0.31 * c - 0.155, 3.9 - 0.31 * r, w, w, colour(kind, r, c))
} } }
set print
$words << END
1.9 4.4 "quadratic"
6.05 4.4 "FLASH"
10.2 4.4 "linear"
14.35 4.4 "local"
18.5 4.4 "own and previous"
END
$notes << END
1.9 -0.3 "a weight for each pair"
6.05 -0.3 "pairs in the chunk,"
6.05 -0.75 "a sum of the chunks before"
10.2 -0.3 "one sum of all so far"
14.35 -0.3 "pairs in the chunk"
18.5 -0.3 "pairs in two chunks"
10.2 -1.4 "row: query, column: key; blue: a weight of its own; orange: only in a sum; grey: not seen; chunks of 4"
END
@end_drawing

# ---- bound ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,360
set output data."bound.svg"
file = data."bound.tsv"
set logscale xy
set xrange [0.1:20]
set yrange [0.003:1000]
set xlabel "size of q and k (standard deviation)"
set ylabel "largest |dp/dq|, |dp/dk| of 1500 draws"
set arrow 1 from 0.1,0.25 to 20,0.25 nohead lc rgb black lw 1 dt 3
set label 1 "1/4" at 0.105,0.34 left textcolor rgb black
set key top right
plot file using 1:6 with lines lc rgb red lw 2 title "x^2", \
     file using 1:5 with lines lc rgb orange lw 2 title "max(x, 0)", \
     file using 1:3 with lines lc rgb green lw 2 title "e^x", \
     file using 1:4 with lines lc rgb purple lw 2 title "ln(1 + e^x)", \
     file using 1:2 with lines lc rgb blue lw 2 title "elu(x) + 1"

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,340
set output data."cost.svg"
file = data."cost.timing.tsv"
set logscale xy
set xrange [115:2300]
set xtics (128, 256, 512, 1024, 2048)
set xlabel "positions"
set ylabel "milliseconds, forward and backward"
set key top left
plot file using 1:2 with linespoints lc rgb red lw 2 pt 7 ps 0.5 title "quadratic", \
     file using 1:3 with linespoints lc rgb blue lw 2 pt 7 ps 0.5 title "FLASH, chunks of 64", \
     file using 1:4 with linespoints lc rgb green lw 2 pt 7 ps 0.5 title "linear, RMSNorm"

# ---- kinds ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,350
set output data."kinds.svg"
file = data."kinds.tsv"
set yrange [11.6:-0.6]
set xrange [0:0.21]
set xlabel "nats above the oracle, places 48 to 95"
unset ytics
set lmargin 36
set key off
array ids[12] = ["softmax_rope", "quadratic", "quadratic_row", "overlap_linear", "local_linear", "flash", \
    "linear_local", "linear_norm", "linear_divided_16", "linear_plain", "local", "linear_divided"]
array words[12] = ["Transformer, softmax, RoPE", "quadratic", "quadratic, divided by the row's keys", \
    "own and previous chunk, then linear", "local, then linear (TransNormer)", "FLASH", "linear, then local", \
    "linear, RMSNorm", "linear, normaliser, times 16", "linear, neither", "local", "linear, normaliser"]
place(id) = sum [i = 1:12] (ids[i] eq id ? i - 1 : 0)
do for [i = 1:12] { set label i words[i] at graph -0.01, first i - 1 right textcolor rgb "#222222" }
plot file using 3:(place(strcol(1))):3:5 with xerrorbars lc rgb grey lw 1.4 pt -1, \
     file using 4:(place(strcol(1))) with points pt 7 ps 0.8 lc rgb blue

# ---- saw-tooth ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,430
set output data."saw-tooth.svg"
file = data."saw-tooth.tsv"
set xrange [0:95]
set yrange [0:1.6]
set xtics 24
set xlabel "place in the text, chunks of 24"
set ylabel "nats above the oracle, mean of three nets"
set key outside right top
plot file using 1:4 with lines lc rgb red lw 1.6 title "local", \
     file using 1:3 with lines lc rgb blue lw 1.6 title "FLASH", \
     file using 1:6 with lines lc rgb purple lw 1.6 title "linear, then local", \
     file using 1:5 with lines lc rgb orange lw 1.6 title "local, then linear", \
     file using 1:7 with lines lc rgb green lw 1.6 title "own and previous", \
     file using 1:2 with lines lc rgb black lw 1.6 title "quadratic"

# ---- length ----
reset
load 'plots/style.gp'
set datafile nocolumnheaders
set terminal @svg size 860,430
set output data."length.svg"
file = data."length.tsv"
set logscale xy
set xrange [44:420]
set xtics (48, 96, 192, 384)
set yrange [0.02:8]
set xlabel "places of the text; trained on 96"
set ylabel "nats above the oracle, second half"
set key outside right top
row(id) = sprintf("< awk -F'\\t' '$1 == \"%s\" { print 48, $2; print 96, $3; print 192, $4; print 384, $5 }' %s", id, file)
set datafile separator whitespace
plot row("quadratic_batch") using 1:2 with linespoints lc rgb red lw 2 pt 5 ps 0.6 dt 2 title "quadratic, n of the batch", \
     row("quadratic") using 1:2 with linespoints lc rgb red lw 2 pt 7 ps 0.6 title "quadratic, n fixed", \
     row("quadratic_row") using 1:2 with linespoints lc rgb orange lw 2 pt 7 ps 0.6 title "quadratic, row's keys", \
     row("linear_norm") using 1:2 with linespoints lc rgb sky lw 2 pt 7 ps 0.6 title "linear, RMSNorm", \
     row("softmax_rope") using 1:2 with linespoints lc rgb black lw 2 pt 7 ps 0.6 title "Transformer, RoPE", \
     row("local_linear") using 1:2 with linespoints lc rgb purple lw 2 pt 7 ps 0.6 title "local, then linear", \
     row("flash") using 1:2 with linespoints lc rgb blue lw 2 pt 7 ps 0.6 title "FLASH", \
     row("linear_local") using 1:2 with linespoints lc rgb green lw 2 pt 7 ps 0.6 title "linear, then local", \
     row("local") using 1:2 with linespoints lc rgb grey lw 2 pt 7 ps 0.6 title "local"

# ---- positions ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,330
set output data."positions.svg"
set multiplot layout 1,2
set title "What is paid" offset 0,-0.5
set xrange [0:0.8]
set xtics 0.2
set yrange [4.6:-0.6]
set xlabel "nats above the oracle, places 48 to 95"
unset ytics
set lmargin 26
set key off
array ids[5] = ["softmax_rope", "sinusoid_softmax", "sinusoid_local_norm", "sinusoid_norm", "sinusoid_divided"]
array words[5] = ["softmax, rotated", "softmax", "blocks, then RMSNorm", "linear, RMSNorm", "linear, normaliser"]
place(id) = sum [i = 1:5] (ids[i] eq id ? i - 1 : 0)
do for [i = 1:5] { set label i words[i] at graph -0.02, first i - 1 right textcolor rgb "#222222" }
plot data."positions.tsv" using 3:(place(strcol(1))):3:5 with xerrorbars lc rgb grey lw 1.4 pt -1, \
     data."positions.tsv" using 4:(place(strcol(1))) with points pt 7 ps 0.8 lc rgb blue, \
     data."kinds.tsv" using (strcol(1) eq "softmax_rope" ? $4 : NaN):(0) with points pt 7 ps 0.8 lc rgb red
unset label
set title "Weight on the last 8 keys" offset 0,-0.5
set lmargin 26
set xrange [0:0.85]
set yrange [5.6:-0.6]
set xlabel "of all weight, by size"
array near[6] = ["sinusoid_softmax_1", "sinusoid_softmax_2", "sinusoid_norm_1", "sinusoid_norm_2", \
    "sinusoid_divided_1", "sinusoid_divided_2"]
array named[6] = ["softmax, layer 1", "softmax, layer 2", "linear, RMSNorm, layer 1", "linear, RMSNorm, layer 2", \
    "linear, normaliser, layer 1", "linear, normaliser, layer 2"]
line(id) = sum [i = 1:6] (near[i] eq id ? i - 1 : 0)
do for [i = 1:6] { set label i named[i] at graph -0.02, first i - 1 right textcolor rgb "#222222" }
set arrow 1 from 0.1147,graph 0 to 0.1147,graph 1 nohead lc rgb black lw 1 dt 3
plot data."positions-near.tsv" using 4:(line(strcol(1))):4:6 with xerrorbars lc rgb grey lw 1.4 pt -1, \
     data."positions-near.tsv" using 5:(line(strcol(1))) with points pt 7 ps 0.8 lc rgb blue
unset multiplot
