# The figures of chapter transformer, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-attention ----
reset
load 'plots/style.gp'
set terminal @svg size 860,260
set output data."drawing-attention.svg"
@begin_drawing
set xrange [-0.4:15.6]
set yrange [-0.7:3.6]
# Cells of 0.5: a matrix of rows x columns whose upper left corner is at (x, y); row 3 is the query's that is looked at.
cell(x, y, row, column, colour) = sprintf("%g %g 0.25 0.25 %d \" \"", x + 0.5 * column - 0.25, y - 0.5 * row + 0.25, colour)
array weight[16] = [1, 0, 0, 0, 0.3, 0.7, 0, 0, 0.15, 0.6, 0.25, 0, 0.2, 0.1, 0.3, 0.4]
shade(w) = int(255 - 215 * w) * 65536 + int(255 - 130 * w) * 256 + int(255 - 77 * w)
set print $boxes
do for [r = 1:4] { do for [c = 1:2] {
    print cell(0, 2.5, r, c, r == 3 ? box_gate : box_input)
    print cell(12.3, 2.5, r, c, box_out)
    print cell(14.4, 2.5, r, c, r == 3 ? box_gate : box_input)
    print cell(1.7, 2.0, c, r, box_state)
} }
do for [r = 1:4] { do for [c = 1:4] {
    print cell(4.9, 2.5, r, c, c > r ? 0x9a9a9a : r == 3 ? box_gate : box_input)
    print cell(9.3, 2.5, r, c, c > r ? 0xffffff : shade(weight[4 * r + c - 4]))
} }
set print
$arrows << END
7.05 1.5 9.15 1.5
END
$words << END
1.35 1.5 "×"
4.3 1.5 "="
11.8 1.5 "×"
13.85 1.5 "="
0.5 3.15 "queries q"
2.7 3.15 "keys k^⊤"
5.9 3.15 "scores a"
10.3 3.15 "weights w"
12.8 3.15 "values v"
14.9 3.15 "answers o"
8.1 2.1 "softmax"
8.1 1.8 "of each row"
END
$notes << END
0.5 0.15 "(T, d)"
2.7 0.6 "(d, S)"
5.9 0.15 "(T, S), divided by √d"
10.3 0.15 "(T, S), each row sums to 1"
12.8 0.15 "(S, d)"
14.9 0.15 "(T, d)"
5.9 -0.35 "dark grey: masked"
END
@end_drawing

# ---- drawing-masks ----
reset
load 'plots/style.gp'
set terminal @svg size 860,240
set output data."drawing-masks.svg"
@begin_drawing
set xrange [-0.8:15.1]
set yrange [0:4.1]
cell(x, y, row, column, yes) = sprintf("%g %g 0.25 0.25 %d \" \"", x + 0.5 * column - 0.25, y - 0.5 * row + 0.25, yes ? 0x2b6ca3 : 0xffffff)
set print $boxes
do for [r = 1:4] { do for [c = 1:4] { print cell(0.5, 2.8, r, c, c <= r) } }
do for [r = 1:2] { do for [c = 1:5] { print cell(4, 2.8, r, c, c <= 3 + r) } }
do for [r = 1:2] { do for [c = 1:5] { print cell(8, 2.8, r, c, c <= r) } }
do for [r = 1:4] { do for [c = 1:5] { print cell(12, 2.8, r, c, c <= 3) } }
set print
$words << END
1.5 3.7 "causal, T = S"
5.25 3.7 "causal behind a cache"
9.25 3.7 "upper left"
13.25 3.7 "padding, length 3"
END
$notes << END
1.5 3.25 "keys →"
-0.1 2 "queries"
-0.1 1.65 "↓"
1.5 0.35 "query t sees keys up to t"
5.25 1.35 "ours: the queries are the last"
9.25 1.35 "PyTorch's is\\_causal: the first"
13.25 0.35 "no query sees keys behind the end"
END
@end_drawing

# ---- drawing-block ----
reset
load 'plots/style.gp'
set terminal @svg size 860,500
set output data."drawing-block.svg"
@begin_drawing
set xrange [-0.2:13]
set yrange [-0.7:7.2]
$lines << END
2.5 -0.1 2.5 0.45
2.5 0.45 0.9 0.45
0.9 0.45 0.9 2.1
2.5 3.05 2.5 3.4
2.5 3.4 0.9 3.4
0.9 3.4 0.9 5
9 -0.1 9 0.35
9 0.35 7.3 0.35
7.3 0.35 7.3 2.7
9 2.86 9 3.5
9 3.5 7.3 3.5
7.3 3.5 7.3 5.9
END
$arrows << END
2.5 0.45 2.5 0.85
2.5 1.45 2.5 1.94
0.9 2.1 2.34 2.1
2.5 2.26 2.5 2.5
2.5 3.4 2.5 3.75
2.5 4.35 2.5 4.84
0.9 5 2.34 5
2.5 5.16 2.5 5.4
2.5 5.95 2.5 6.6
9 0.35 9 0.7
9 1.25 9 1.55
9 2.15 9 2.54
7.3 2.7 8.84 2.7
9 3.5 9 3.85
9 4.4 9 4.75
9 5.35 9 5.74
7.3 5.9 8.84 5.9
9 6.06 9 6.6
END
$boxes << END
2.5 1.15 1.3 0.3 0xfde9c8 "attention"
2.5 2.77 1.3 0.27 0xdcecf7 "norm"
2.5 4.05 1.3 0.3 0xfde9c8 "feed-forward"
2.5 5.67 1.3 0.27 0xdcecf7 "norm"
9 0.97 1.3 0.27 0xdcecf7 "norm"
9 1.85 1.3 0.3 0xfde9c8 "attention"
9 4.12 1.3 0.27 0xdcecf7 "norm"
9 5.05 1.3 0.3 0xfde9c8 "feed-forward"
END
$rounds << END
2.5 2.1 "+"
2.5 5 "+"
9 2.7 "+"
9 5.9 "+"
END
$dots << END
2.5 0.45
2.5 3.4
9 0.35
9 3.5
END
$words << END
2.5 -0.4 "x (T, D)"
9 -0.4 "x (T, D)"
2.5 6.9 "post-norm: norm(x + f(x))"
9 6.9 "pre-norm: x + f(norm(x))"
END
$notes << END
5 1.15 "between positions"
5 4.05 "at each position alone"
11.5 1.85 "between positions"
11.5 5.05 "at each position alone"
11.3 3.2 "a way from end to beginning"
11.3 2.85 "through sums only"
END
@end_drawing

# ---- drawing-model ----
reset
load 'plots/style.gp'
set terminal @svg size 860,500
set output data."drawing-model.svg"
@begin_drawing
set xrange [-0.9:13.2]
set yrange [-0.8:7.4]
$lines << END
0.9 1.35 5.1 1.35
5.1 1.35 5.1 3.65
5.1 3.65 0.9 3.65
0.9 3.65 0.9 1.35
6.9 1.35 11.1 1.35
11.1 1.35 11.1 5.35
11.1 5.35 6.9 5.35
6.9 5.35 6.9 1.35
3 3.3 3 4.35
3 4.35 5.9 4.35
5.9 4.35 5.9 3.7
END
$arrows << END
3 0 3 0.4
3 1 3 1.7
3 2.3 3 2.7
5.9 3.7 7.35 3.7
9 0 9 0.4
9 1 9 1.7
9 2.3 9 3.4
9 4 9 4.4
9 5 9 5.7
9 6.3 9 6.7
END
$boxes << END
3 0.7 1.65 0.3 0xeeeeee "embedding + position"
3 2 1.65 0.3 0xfde9c8 "self-attention"
3 3 1.65 0.3 0xdcecf7 "feed-forward"
9 0.7 1.65 0.3 0xeeeeee "embedding + position"
9 2 1.65 0.3 0xfde9c8 "self-attention, causal"
9 3.7 1.65 0.3 0xfde9c8 "cross-attention"
9 4.7 1.65 0.3 0xdcecf7 "feed-forward"
9 6 1.65 0.3 0xd9f0e6 "logits"
END
$words << END
3 -0.35 "source:  a  b  c  d"
9 -0.35 "read:  ·  d  c  b"
9 7 "say:  d  c  b  a"
4.2 4.65 "memory (S, D)"
0.2 2.3 "L ×"
11.9 3.15 "L ×"
0 2.75 "encoder"
12 3.6 "decoder"
END
$notes << END
6.45 4.05 "keys,"
6.45 3.4 "values"
9.6 2.85 "queries"
END
@end_drawing

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
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.1,0
file = data."warm-up.tsv"
set title "every layer, 12 layers" font ",13"
set xlabel "layer (1: at the input, 12: at the loss)"
set ylabel "|dW_2| before the first step" offset 1
set xrange [0.5:12.5]
set xtics 1
set yrange [0:1.2]
set label 1 "post-norm" at 12,1.02 right textcolor rgb red_ink
set label 2 "pre-norm" at 12,0.32 right textcolor rgb blue
plot file using 1:2:3 with yerrorlines lc rgb red lw 2 pt 7 ps 0.5 notitle, \
     file using 1:4:5 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.5 notitle
file = data."warm-up-depth.tsv"
set title "the last layer, by depth" font ",13"
set xlabel "number L of layers"
unset ylabel
set logscale xy
set xrange [0.85:28]
set xtics (1,2,3,6,12,24)
set yrange [0.1:1.5]
set ytics (0.1,0.2,0.5,1)
unset label
set label 1 "post-norm" at 2.4,0.9 left textcolor rgb red_ink
set label 2 "pre-norm" at 6.5,0.33 left textcolor rgb blue
set label 3 "∝ 1 / √L" at 4.6,0.235 right textcolor rgb black
plot 0.62 / sqrt(x) with lines lc rgb black lw 1 dt 3 notitle, \
     file using 1:2:3 with yerrorlines lc rgb red lw 2 pt 7 ps 0.5 notitle, \
     file using 1:4:5 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.5 notitle
unset multiplot

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
set label 1 "guessing: ln 10" at 780,3.2 right textcolor rgb black
set key bottom left height 0.3
plot log(10) with lines lc rgb black lw 1 dt 3 notitle, \
     for [i=0:1] file using 1:(column(sprintf("pre_%d", i))) with lines lc rgb blue lw 1.5 title (i ? "" : "Transformer, pre-norm"), \
     for [i=0:1] file using 1:(column(sprintf("post_%d", i))) with lines lc rgb red lw 1.5 title (i ? "" : "Transformer, post-norm"), \
     for [i=0:2] file using 1:(column(sprintf("gru_%d", i))) with lines lc rgb green lw 1.5 title (i ? "" : "GRU")
unset logscale y
unset label
set format y "%g"
file = data."reverse-tests.tsv"
set yrange [0:1.03]
unset ylabel
set title "part of 500 sequences without a mistake" font ",13"
plot for [i=0:1] file using 1:(column(sprintf("pre_%d", i))) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.4 notitle, \
     for [i=0:1] file using 1:(column(sprintf("post_%d", i))) with linespoints lc rgb red lw 1.5 pt 7 ps 0.4 notitle, \
     for [i=0:2] file using 1:(column(sprintf("gru_%d", i))) with linespoints lc rgb green lw 1.5 pt 7 ps 0.4 notitle
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
set xrange [0:1000]
set yrange [0:2.6]
set title "loss" font ",13"
set key top right height 0.3
plot for [i=0:2] file using 1:(column(sprintf("most_first_%d", i))) with lines lc rgb orange lw 1.5 title (i ? "" : "most significant digit first"), \
     for [i=0:2] file using 1:(column(sprintf("least_first_%d", i))) with lines lc rgb blue lw 1.5 title (i ? "" : "least significant digit first")
file = data."addition-tests.tsv"
set yrange [0:1.03]
unset ylabel
set title "part of 1000 unseen sums that are right" font ",13"
plot for [i=0:2] file using 1:(column(sprintf("least_first_%d", i))) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.4 notitle, \
     for [i=0:2] file using 1:(column(sprintf("most_first_%d", i))) with linespoints lc rgb orange lw 1.5 pt 7 ps 0.4 notitle
unset multiplot

# ---- language ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."language.svg"
file = data."language.tsv"
set xlabel "symbols read (thousands)"
set ylabel "loss above the oracle's (nats)"
set logscale y
set format y "%g"
set xrange [0:820]
set yrange [0.003:3]
set key top right height 0.3
plot for [i=0:2] file using ($1/1000):(column(sprintf("transformer_%d", i))) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.4 title (i ? "" : "Transformer"), \
     for [i=0:2] file using ($1/1000):(column(sprintf("gru_%d", i))) with linespoints lc rgb green lw 1.5 pt 7 ps 0.4 title (i ? "" : "GRU")

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cost.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.14,0.9 spacing 0.1,0
file = data."cost.tsv"
set logscale xy
set xlabel "length T of the sequence"
set ylabel "operations"
set xrange [28:2400]
set xtics (32,64,128,256,512,1024,2048)
set yrange [2e5:2e9]
set format y "10^{%L}"
set title "of one layer, exactly" font ",13"
set key top left
plot file using 1:3 with linespoints lc rgb red lw 2 pt 7 ps 0.4 title "attention: 4 T^2 D", \
     file using 1:($2+$4) with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "all else: 8 T D^2 + 4 T D F"
file = data."cost.timing.tsv"
set ylabel "milliseconds"
set yrange [0.005:100]
set title "measured, forward" font ",13"
plot file using 1:3 with linespoints lc rgb red lw 2 pt 7 ps 0.4 title "attention", \
     file using 1:($2-$3) with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "all else"
unset multiplot
