# The figures of chapter speculative, from the tables in the folder `data`.
# Each is a block of its own that begins anew.

# ---- drawing-pass ----
reset
load 'plots/style.gp'
set terminal @svg size 860,360
set output data."drawing-pass.svg"
@begin_drawing
set xrange [-2.6:11.4]
set yrange [-0.7:5.2]
$boxes << END
0 4 0.45 0.35 0xeeeeee "the"
2 4 0.45 0.35 0xfde9c8 "cat"
4 4 0.45 0.35 0xfde9c8 "sat"
6 4 0.45 0.35 0xfde9c8 "in"
3 2.2 3.7 0.42 0xdcecf7 "the target, one pass: four places side by side"
0 0.9 0.45 0.35 0xd9f0e6 "p_1"
2 0.9 0.45 0.35 0xd9f0e6 "p_2"
4 0.9 0.45 0.35 0xd9f0e6 "p_3"
6 0.9 0.45 0.35 0xd9f0e6 "p_4"
9.4 0.9 0.45 0.35 0xf7dede "on"
END
$arrows << END
0 3.65 0 2.62
2 3.65 2 2.62
4 3.65 4 2.62
6 3.65 6 2.62
0 1.78 0 1.25
2 1.78 2 1.25
4 1.78 4 1.25
6 1.78 6 1.25
7.6 0.9 8.9 0.9
END
$words << END
-1.7 4 "symbols"
-1.7 0.9 "what follows"
0 0.15 "cat: yes"
2 0.15 "sat: yes"
4 0.15 "in: no"
6 0.15 "not used"
9.4 0.15 "from (p_3 − q_3)_+"
END
$notes << END
0 4.65 "sure"
4 4.65 "drafted, one after the other, from q_1, q_2, q_3"
4 -0.4 "the first rejection ends the pass"
9.4 1.6 "drawn instead"
END
@end_drawing

# ---- drawing-heads ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."drawing-heads.svg"
@begin_drawing
set xrange [-1.2:13.2]
set yrange [-0.6:6.1]
$boxes << END
2.2 1.5 2.1 0.4 0xdcecf7 "trunk"
0.6 3.6 0.6 0.38 0xd9f0e6 "own"
2.2 3.6 0.6 0.38 0xfde9c8 "head 1"
3.8 3.6 0.6 0.38 0xfde9c8 "head 2"
8.2 1.5 1.1 0.4 0xdcecf7 "trunk"
8.2 3.6 0.6 0.38 0xd9f0e6 "output"
10.4 2.2 0.85 0.4 0xfde9c8 "module 1"
10.4 3.6 0.6 0.38 0xd9f0e6 "output"
12.4 2.2 0.7 0.4 0xfde9c8 "module 2"
12.4 3.6 0.6 0.38 0xd9f0e6 "output"
END
$lines << END
2.2 1.9 2.2 2.6
0.6 2.6 3.8 2.6
8.2 2.5 9 2.5
9 2.5 9 2.2
END
$arrows << END
2.2 0.6 2.2 1.1
0.6 2.6 0.6 3.22
2.2 2.6 2.2 3.22
3.8 2.6 3.8 3.22
0.6 3.98 0.6 4.6
2.2 3.98 2.2 4.6
3.8 3.98 3.8 4.6
8.2 0.6 8.2 1.1
8.2 1.9 8.2 3.22
9 2.2 9.55 2.2
11.25 2.2 11.7 2.2
10.4 0.6 10.4 1.8
12.4 0.6 12.4 1.8
10.4 2.6 10.4 3.22
12.4 2.6 12.4 3.22
8.2 3.98 8.2 4.6
10.4 3.98 10.4 4.6
12.4 3.98 12.4 4.6
END
$words << END
2.2 0.3 "x_1 … x_t"
0.6 4.9 "x_{t+1}"
2.2 4.9 "x_{t+2}"
3.8 4.9 "x_{t+3}"
2.5 2.2 "h"
8.2 0.3 "x_1 … x_t"
10.4 0.3 "x_{t+1}"
12.4 0.3 "x_{t+2}"
8.2 4.9 "x_{t+1}"
10.4 4.9 "x_{t+2}"
12.4 4.9 "x_{t+3}"
END
$notes << END
2.2 5.6 "in parallel: each head guesses without knowing what the others say"
10.3 5.6 "in sequence: each module reads the symbol before"
END
@end_drawing

# ---- drawing-tree ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."drawing-tree.svg"
@begin_drawing
set xrange [-0.7:13.9]
set yrange [-0.6:5.9]
$boxes << END
0.2 2.6 0.45 0.35 0xeeeeee "0"
2.2 3.7 0.45 0.35 0xfde9c8 "1"
2.2 1.2 0.45 0.35 0xfde9c8 "2"
4.2 4.4 0.45 0.35 0xfde9c8 "3"
4.2 3 0.45 0.35 0xfde9c8 "4"
4.2 1.2 0.45 0.35 0xfde9c8 "5"
9.2 4.3 0.3 0.3 0xdcecf7 "•"
9.9 4.3 0.3 0.3 0xdcecf7 "•"
9.2 3.6 0.3 0.3 0xdcecf7 "•"
9.9 3.6 0.3 0.3 0xdcecf7 "•"
10.6 3.6 0.3 0.3 0xdcecf7 "•"
9.2 2.9 0.3 0.3 0xdcecf7 "•"
9.9 2.9 0.3 0.3 0xdcecf7 "•"
11.3 2.9 0.3 0.3 0xdcecf7 "•"
9.2 2.2 0.3 0.3 0xdcecf7 "•"
9.9 2.2 0.3 0.3 0xdcecf7 "•"
10.6 2.2 0.3 0.3 0xdcecf7 "•"
12 2.2 0.3 0.3 0xdcecf7 "•"
9.2 1.5 0.3 0.3 0xdcecf7 "•"
9.9 1.5 0.3 0.3 0xdcecf7 "•"
10.6 1.5 0.3 0.3 0xdcecf7 "•"
12.7 1.5 0.3 0.3 0xdcecf7 "•"
9.2 0.8 0.3 0.3 0xdcecf7 "•"
9.9 0.8 0.3 0.3 0xdcecf7 "•"
11.3 0.8 0.3 0.3 0xdcecf7 "•"
13.4 0.8 0.3 0.3 0xdcecf7 "•"
END
$arrows << END
0.65 2.85 1.75 3.45
0.65 2.35 1.75 1.45
2.65 3.85 3.75 4.25
2.65 3.55 3.75 3.15
2.65 1.2 3.75 1.2
END
$words << END
9.2 4.95 "prefix"
9.9 4.95 "0"
10.6 4.95 "1"
11.3 4.95 "2"
12 4.95 "3"
12.7 4.95 "4"
13.4 4.95 "5"
8.3 4.3 "0"
8.3 3.6 "1"
8.3 2.9 "2"
8.3 2.2 "3"
8.3 1.5 "4"
8.3 0.8 "5"
7.4 4.3 "length"
7.2 3.6 "length + 1"
7.2 2.9 "length + 1"
7.2 2.2 "length + 2"
7.2 1.5 "length + 2"
7.2 0.8 "length + 2"
END
$notes << END
0.2 5.4 "root: sure"
2.2 5.4 "depth 1"
4.2 5.4 "depth 2"
7.2 5.4 "position"
8.3 5.4 "node"
11.2 5.4 "may look at"
1.1 3.45 "rank 0"
1.05 1.6 "rank 1"
3.2 4.35 "0"
3.2 3.05 "1"
3.2 1.45 "0"
END
@end_drawing

# ---- worked-example ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."worked-example.svg"
file = data."worked-example.tsv"
set xrange [-0.7:2.7]
set yrange [0:0.66]
set ytics 0.1
set xtics ("a" 0, "b" 1, "c" 2)
set ylabel "probability" offset 1
set boxwidth 0.3
set style fill solid 1 border lc rgb "#444444"
set key top center horizontal maxrows 1
plot file using ($0-0.18):"q" with boxes lc rgb "#f2c98a" title "draft q: refused above p", \
     file using ($0+0.18):"p" with boxes lc rgb "#8cc9f0" title "target p: made up from (p − q)_+", \
     file using ($0-0.18):"accepted" with boxes lc rgb "#d9f0e6" title "min(p, q): accepted", \
     file using ($0+0.18):"accepted" with boxes lc rgb "#d9f0e6" notitle

# ---- exact ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,380
set output data."exact.svg"
file = data."exact.tsv"
set lmargin at screen 0.27
set xlabel "total variation between the texts of five symbols that the rule gives and the target's (logarithmic)"
set logscale x
set format x "10^{%L}"
set xrange [1e-17:1]
set yrange [8.6:-0.6]
set style fill solid 0.85 noborder
set boxwidth 0.34
set key at graph 0.35,0.97
plot file using (1e-17):($0-0.18):(1e-17):"apart_1":($0-0.36):($0) with boxxyerror lc rgb blue title "1 drafted", \
     file using (1e-17):($0+0.18):(1e-17):"apart_3":($0):($0+0.36) with boxxyerror lc rgb orange title "3 drafted", \
     file using (1e-17):0:ytic(1) with dots lc rgb "#ffffff" notitle

# ---- formula ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."formula.svg"
file = data."formula.tsv"
set xlabel "drafted symbols k"
set ylabel "symbols a pass" offset 1
set xrange [0.7:9.6]
set yrange [1:9.2]
set xtics 1,1,8
names = "nothing 1_letter 2_letters 3_letters"
ends = "1.35 1.95 6.55 8.95"
do for [m=0:3] { set label 1+m sprintf("knows %s", m == 0 ? "nothing" : sprintf("%d letter%s", m, m > 1 ? "s" : "")) at 8.15,real(word(ends,m+1)) left textcolor rgb word("#444444 #b95100 #36769a #007f5c", m+1) }
set key top left
plot for [m=0:3] file using ($2 == m ? $3 : NaN):"exact" with points pt 7 ps 0.7 lc rgb word("#5a5a5a #d55e00 #56b4e9 #009e73", m+1) title (m == 3 ? "exact" : ""), \
     for [m=0:3] file using ($2 == m ? $3 : NaN):"formula" with lines lw 1.6 lc rgb word("#5a5a5a #d55e00 #56b4e9 #009e73", m+1) title (m == 3 ? "(1 − a^{k+1}) / (1 − a)" : "")

# ---- price ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."price.svg"
file = data."price.tsv"
set xlabel "total variation of the words' frequencies from the language's"
set ylabel "symbols a pass" offset 1
set xrange [-0.02:1.08]
set yrange [1:7.6]
set label 1 "sampled heads" at 0.012,3.75 left textcolor rgb blue
set label 2 "their best guesses, exact" at 0.012,1.25 left textcolor rgb green_ink
set label 3 "typical acceptance" at 0.6,6.2 right textcolor rgb orange_ink
plot file using (0):"best_guess" with linespoints pt 7 ps 0.8 lc rgb green lw 1.5 notitle, \
     file using (0):"sampled" with linespoints pt 7 ps 0.8 lc rgb blue lw 1.5 notitle, \
     file using "apart":"typical" with linespoints pt 7 ps 0.8 lc rgb orange lw 1.5 notitle, \
     file using (0.012 + 0.03 * (1 - int(column("k")) % 2)):"sampled":"k" with labels left offset 0.3,0 tc rgb blue notitle, \
     file using "apart":"typical":(sprintf("k = %d: %.0f %% one word", $1, 100*$6)) with labels left offset 1,-0.4 tc rgb "#966700" notitle

# ---- trees ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."trees.svg"
file = data."trees.tsv"
set logscale x 2
set xlabel "guesses in a pass (logarithmic)"
set ylabel "symbols a pass" offset 1
set xrange [0.9:130]
set yrange [1.4:4]
set label 1 "sampled, one a place" at 6.4,3.35 left textcolor rgb blue
set label 2 "chosen by counts: promised" at 40,3.75 right textcolor rgb red_ink
set label 3 "given" at 68,3.3 left textcolor rgb red_ink
set label 4 "chosen where" at 68,3.62 left textcolor rgb green_ink
set label 5 "passes begin" at 68,3.47 left textcolor rgb green_ink
set label 6 "by products" at 68,3.13 left textcolor rgb purple_ink
plot data."trees-sampled.tsv" using 1:2 with linespoints pt 7 ps 0.8 lc rgb blue lw 2 notitle, \
     file using 1:"counts_promise" with lines lc rgb red lw 1.6 dt 2 notitle, \
     file using 1:"products" with linespoints pt 7 ps 0.5 lc rgb purple lw 1.5 notitle, \
     file using 1:"counts" with linespoints pt 7 ps 0.5 lc rgb red lw 1.5 notitle, \
     file using 1:"begins" with linespoints pt 7 ps 0.5 lc rgb green lw 1.5 notitle

# ---- break-even ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."break-even.svg"
file = data."break-even.timing.tsv"
set multiplot
set lmargin at screen 0.07; set rmargin at screen 0.44
set tmargin at screen 0.88; set bmargin at screen 0.15
set title "n rows: time over that of one row" font ",13"
set xlabel "rows n"
set xrange [1:8]
set yrange [0:8.6]
set key at graph 0.42,0.98
set label 1 "one after the other" at 7.9,8.3 right textcolor rgb grey
plot x with lines lc rgb grey dt 3 lw 1 notitle, \
     for [i=1:4] file using ($1 == int(word("64 256 1024 2048", i)) ? $2 : NaN):"cost" with linespoints pt 7 ps 0.5 lw 1.8 lc rgb word("#5a5a5a #d55e00 #56b4e9 #009e73", i) title sprintf("D = %s", word("64 256 1024 2048", i))
unset label
set lmargin at screen 0.55; set rmargin at screen 0.97
set title "gain with n − 1 sampled heads" font ",13"
set xlabel "rows n"
set yrange [0:4]
unset key
set label 1 "D = 256, seeming: over a slow product's one row" at 7.9,3.6 right textcolor rgb purple_ink
plot 1 with lines lc rgb grey dt 3 lw 1 notitle, \
     for [i=1:4] file using ($1 == int(word("64 256 1024 2048", i)) ? $2 : NaN):"gain" with linespoints pt 7 ps 0.5 lw 1.8 lc rgb word("#5a5a5a #d55e00 #56b4e9 #009e73", i) notitle, \
     file using ($1 == 256 ? $2 : NaN):"packed_gain" with lines lw 1.6 dt 2 lc rgb purple notitle
unset multiplot

# ---- ceilings ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."ceilings.svg"
file = data."ceilings.tsv"
heads = data."training-heads.tsv"
set multiplot
set lmargin at screen 0.07; set rmargin at screen 0.47
set tmargin at screen 0.88; set bmargin at screen 0.15
set title "accuracy" font ",13"
set xlabel "head (0: the model's own)"
set xrange [-0.4:4.4]
set xtics 1
set yrange [0:0.85]
set key top right
plot file using 1:"accuracy" with linespoints pt 6 ps 0.9 lw 1.6 lc rgb black title "can be known", \
     heads using ($0 < 5 ? $0 : NaN):"accuracy" with linespoints pt 7 ps 0.7 lw 1.8 lc rgb blue title "trained afterwards"
set lmargin at screen 0.57; set rmargin at screen 0.97
set title "loss (nats)" font ",13"
set yrange [0:3]
unset key
plot file using 1:"loss" with linespoints pt 6 ps 0.9 lw 1.6 lc rgb black notitle, \
     heads using ($0 < 5 ? $0 : NaN):"loss" with linespoints pt 7 ps 0.7 lw 1.8 lc rgb blue notitle
unset multiplot

# ---- training ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."training.svg"
file = data."training.tsv"
set multiplot
set lmargin at screen 0.08; set rmargin at screen 0.47
set tmargin at screen 0.88; set bmargin at screen 0.15
set title "next symbol: loss above what can be known" font ",13"
set xtics ("0" 0, "0.1" 1, "1" 2)
set xlabel "weight λ of each of four heads"
set xrange [-0.5:2.5]
set yrange [0:0.4]
kind(w) = w == 0 ? 0 : w < 0.5 ? 1 : 2
plot file using (kind($2)):"above_next" with points pt 7 ps 0.9 lc rgb blue notitle
set lmargin at screen 0.57; set rmargin at screen 0.97
set title "symbols a pass, four heads" font ",13"
set yrange [1.5:3]
set label 1 "perfect heads, sampled" at 0.5,2.88 left textcolor rgb black
set label 2 "sampled" at 0.15,2.3 left textcolor rgb blue
set label 3 "best guess" at 0.15,1.8 left textcolor rgb green_ink
plot file using (kind($2)):"sampled" with points pt 7 ps 0.9 lc rgb blue notitle, \
     file using (kind($2)):"best_guess" with points pt 7 ps 0.9 lc rgb green notitle, \
     data."trees-sampled.tsv" using (-0.5):($1 == 4 ? $2 : NaN):(3):(0) with vectors nohead lc rgb black dt 3 notitle
unset multiplot
