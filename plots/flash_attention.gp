# The figures of chapter flash_attention, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-tiles ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-tiles.svg"
@begin_drawing
set xrange [-1.2:15.4]
set yrange [-1.1:5.2]
# Tiles of 1.2 x 0.9: row r of queries, column c of keys; the first two of row 2 are done, the third is computed now.
shade(r, c) = r == 1 ? 0xd9f0e6 : r == 2 && c < 3 ? 0xd9f0e6 : r == 2 && c == 3 ? box_gate : 0xffffff
set print $boxes
do for [r = 1:4] { do for [c = 1:5] {
    print sprintf("%g %g 0.58 0.43 %d \" \"", 1.9 + 1.2 * c, 3.65 - 0.9 * r, shade(r, c))
} }
do for [r = 1:4] { print sprintf("1.4 %g 0.42 0.43 %d \" \"", 3.65 - 0.9 * r, r == 2 ? box_gate : box_input) }
do for [c = 1:5] { print sprintf("%g 3.85 0.58 0.3 %d \" \"", 1.9 + 1.2 * c, c == 3 ? box_gate : box_state) }
print "10.6 1.85 0.4 0.43 14611703 \"m\""
print "11.5 1.85 0.4 0.43 14611703 \"l\""
print "12.95 1.85 0.95 0.43 14611703 \"o\""
set print
$arrows << END
8.55 1.85 10.1 1.85
12.95 1.35 12.95 0.6
END
$words << END
1.4 4.1 "queries"
5.5 4.55 "keys and values, tile by tile"
12 2.75 "what the keys so far leave"
12.95 0.25 "out = o / l,  L = m + ln l"
9.3 2.2 "add"
END
$notes << END
-0.2 1.85 "a tile of"
-0.2 1.5 "queries"
5.5 -0.75 "green: done and forgotten; orange: in fast memory now; white: not yet, or never"
12 3.15 "of each of these queries:"
END
@end_drawing

# ---- drawing-merge ----
reset
load 'plots/style.gp'
set terminal @svg size 860,250
set output data."drawing-merge.svg"
@begin_drawing
set xrange [-0.4:15.6]
set yrange [-0.4:4.2]
$boxes << END
1.6 2.9 1.5 0.42 0xdcecf7 "m_1   l_1   o_1"
1.6 1.0 1.5 0.42 0xdcecf7 "m_2   l_2   o_2"
6.6 2.9 1.35 0.42 0xfde9c8 "× e^{m_1 − m}"
6.6 1.0 1.35 0.42 0xfde9c8 "× e^{m_2 − m}"
12.9 1.95 1.5 0.42 0xd9f0e6 "m   l   o"
END
$rounds << END
9.4 1.95 "+"
END
$lines << END
7.95 2.9 9.4 2.9
7.95 1.0 9.4 1.0
END
$arrows << END
3.1 2.9 5.2 2.9
3.1 1.0 5.2 1.0
9.4 2.9 9.4 2.13
9.4 1.0 9.4 1.77
9.56 1.95 11.35 1.95
END
$words << END
4.2 1.95 "m = max(m_1, m_2)"
END
$notes << END
1.6 3.6 "some keys"
1.6 0.3 "the other keys"
6.6 3.6 "one of the two factors is 1"
12.9 2.7 "all of them"
12.9 1.2 "out = o / l at the very end"
4.2 2.35 "the larger of both"
END
@end_drawing

# ---- drawing-causal ----
reset
load 'plots/style.gp'
set terminal @svg size 860,270
set output data."drawing-causal.svg"
@begin_drawing
set xrange [-0.9:15.3]
set yrange [-0.9:4.4]
# 6 queries and 8 keys in tiles of 2 x 2, then 3 kinds of alignment.
cell(x, y, r, c, colour) = sprintf("%g %g 0.2 0.2 %d \" \"", x + 0.4 * c - 0.2, y - 0.4 * r + 0.2, colour)
whole(r, c, shift) = (c - 1) / 2 * 2 + 2 <= (r - 1) / 2 * 2 + 1 + shift
hidden(r, c, shift) = (c - 1) / 2 * 2 + 1 > (r - 1) / 2 * 2 + 2 + shift
kind(r, c, shift) = hidden(r, c, shift) ? 0xffffff : c > r + shift ? 0xf7dede : whole(r, c, shift) ? 0x2b6ca3 : 0x8fbde0
set print $boxes
do for [r = 1:8] { do for [c = 1:8] { print cell(0.3, 3.2, r, c, kind(r, c, 0)) } }
do for [r = 1:4] { do for [c = 1:6] { print cell(4.7, 3.2, r, c, c <= r + 2 ? 0x2b6ca3 : 0xffffff) } }
do for [r = 1:4] { do for [c = 1:6] { print cell(8.6, 3.2, r, c, c <= r ? 0x2b6ca3 : 0xffffff) } }
do for [r = 1:6] { do for [c = 1:4] { print cell(12.4, 3.2, r, c, c <= r - 2 ? 0x2b6ca3 : 0xffffff) } }
set print
$words << END
1.9 4 "tiles of 2 × 2"
5.9 4 "bottom right"
9.8 4 "top left"
13.2 4 "more queries"
END
$notes << END
1.9 3.55 "keys →"
-0.45 1.7 "queries"
-0.45 1.35 "↓"
1.9 -0.35 "white: skipped; red: computed, then masked"
5.9 1.2 "ours: the queries are the last"
9.8 1.2 "PyTorch's is\\_causal: the first"
13.2 0.35 "bottom right: the first two"
13.2 0 "see no key"
END
@end_drawing

# ---- io ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."io.svg"
file = data."io.tsv"
set logscale xy
set xlabel "words M of the fast memory, in d^2"
set ylabel "words moved, in N d" offset 0.5
set xrange [0.5:34]
set xtics (0.5,1,2,4,8,16,32)
set yrange [5:300]
set key top right height 0.3
d2 = 1024.0; nd = 16384.0
set arrow 1 from 2,graph 0 to 2,graph 0.72 nohead lc rgb grey lw 1 dt 3
set arrow 2 from 0.5,graph 0.03 to 0.5,graph 0.03 nohead
set label 1 "8192 words (an L1 of 32 KB), d = 64" at 2.08,7.2 left textcolor rgb grey font ",11"
set label 2 "the same, d = 128" at 0.52,7.2 left textcolor rgb grey font ",11"
plot file using ($1/d2):($2/nd) with linespoints lc rgb red lw 2 pt 7 ps 0.4 title "unfused: scores, softmax, answers", \
     file using ($1/d2):($3/nd) with linespoints lc rgb orange lw 2 pt 7 ps 0.4 title "tiles, keys outside (2022)", \
     file using ($1/d2):($4/nd) with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "tiles, queries outside (2023)", \
     [0.5:8] 4 * 16 / x with lines lc rgb blue lw 1 dt 3 title "4 N^2 d^2 / M", \
     [0.5:8] 6 * 16 / x with lines lc rgb orange lw 1 dt 3 title "6 N^2 d^2 / M"

# ---- records ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."records.svg"
file = data."records.tsv"
set logscale xy
set xlabel "tile of 16 keys"
set ylabel "part of 4096 rows whose m moves" offset 0.5
set xrange [1:66]
set xtics (1,2,4,8,16,32,64)
set yrange [3e-4:1.3]
set format y "%g"
set key bottom left height 0.3 maxrows 3
plot file using 1:2 with lines lc rgb black lw 1 dt 3 title "1/t", \
     file using 1:3 with linespoints lc rgb blue lw 1.6 pt 7 ps 0.35 title "every record", \
     file using 1:4 with linespoints lc rgb sky lw 1.6 pt 7 ps 0.35 title "by more than 0.5", \
     file using 1:($5 > 0 ? $5 : NaN) with linespoints lc rgb orange lw 1.6 pt 7 ps 0.35 title "by more than 1", \
     file using 1:($6 > 0 ? $6 : NaN) with linespoints lc rgb red lw 1.6 pt 7 ps 0.35 title "by more than 2"

# ---- same-bits ----
reset
load 'plots/style.gp'
set datafile columnheaders
set datafile missing NaN
set output data."same-bits.svg"
file = data."same-bits.tsv"
set logscale x
set xlabel "standard deviation of the scores"
set ylabel "percent of outputs that change" offset 0.5
set xrange [0.8:500]
set xtics (1,4,16,64,400)
set yrange [-3:75]
set key top right height 0.3
set label 1 "power of two: 0, for every tile" at 24,9 left textcolor rgb black
tile(name, column) = strcol(3) eq name ? 100 * column : NaN
plot for [name in "128x256 500x1 7x33 64x32"] file using 2:(tile(name, $4)) with linespoints lw 1.8 pt 7 ps 0.5 title "running maximum, ".name, \
     for [name in "96x64"] file using 2:(tile(name, $4)) with linespoints lc rgb grey lw 1.8 pt 6 ps 0.9 title "running maximum, ".name, \
     file using 2:(100*$5) with points lc rgb black pt 2 ps 0.8 title "power of two, all tiles"

# ---- error ----
reset
load 'plots/style.gp'
set datafile columnheaders
set datafile missing NaN
set output data."error.svg"
set multiplot layout 1,2 margins 0.1,0.985,0.15,0.88 spacing 0.09,0
file = data."error.tsv"
set logscale xy
set format y "%g"
set ytics ("2·10^{−7}" 2e-7, "5·10^{−7}" 5e-7, "10^{−6}" 1e-6, "2·10^{−6}" 2e-6, "5·10^{−6}" 5e-6)
set yrange [2e-7:6e-6]
set ylabel "relative error (RMS)" offset 0.5
set key top left height 0.3
set title "256 keys" font ",13"
set xlabel "standard deviation of the scores"
set xrange [0.8:80]
set xtics (1,4,16,64)
plot file using ($2 == 256 ? $3 : NaN):4 with linespoints lc rgb red lw 2 pt 7 ps 0.6 title "chapter 2", \
     file using ($2 == 256 ? $3 : NaN):5 with linespoints lc rgb blue lw 2 pt 6 ps 1 title "tiles, one chain", \
     file using ($2 == 256 ? $3 : NaN):6 with linespoints lc rgb green lw 2 pt 2 ps 0.7 title "tiles, added"
unset ylabel
set title "scores of standard deviation 1" font ",13"
set xlabel "keys"
set xrange [200:20000]
set xtics (256,1024,4096,16384)
plot file using ($3 == 1 ? $2 : NaN):4 with linespoints lc rgb red lw 2 pt 7 ps 0.6 title "chapter 2", \
     file using ($3 == 1 ? $2 : NaN):5 with linespoints lc rgb blue lw 2 pt 6 ps 1 title "tiles, one chain", \
     file using ($3 == 1 ? $2 : NaN):6 with linespoints lc rgb green lw 2 pt 2 ps 0.7 title "tiles, added"
unset multiplot

# ---- one-number ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."one-number.svg"
file = data."one-number.tsv"
set logscale xy
set xlabel "what is added to all scores (0 stands at 1)"
set ylabel "relative error (RMS)" offset 0.5
set xrange [0.8:13000]
set xtics ("0" 1, "10" 10, "100" 100, "1000" 1000, "10 000" 10000)
set yrange [2e-8:2e-3]
set format y "10^{%L}"
set key top left height 0.3
at(x) = x < 1 ? 1 : x
plot file using (at($1)):2 with lines lc rgb black lw 1 dt 3 title "half a unit in the last place of L", \
     file using (at($1)):3 with linespoints lc rgb red lw 2 pt 7 ps 0.6 title "sums of the weights, one number", \
     file using (at($1)):7 with linespoints lc rgb orange lw 2 pt 6 ps 1 title "da, one number", \
     file using (at($1)):4 with linespoints lc rgb blue lw 2 pt 7 ps 0.6 title "sums of the weights, two numbers", \
     file using (at($1)):5 with linespoints lc rgb green lw 2 pt 2 ps 0.8 title "sums of da, one number"

# ---- memory ----
reset
load 'plots/style.gp'
set datafile columnheaders
set datafile missing NaN
set output data."memory.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.15,0.88 spacing 0.11,0
file = data."memory.tsv"
set logscale xy
set xlabel "queries and keys"
set ylabel "bytes" offset 0.5
set xrange [110:4800]
set xtics (128,256,512,1024,2048,4096)
set yrange [5e2:1e11]
set format y "10^{%L}"
set key top left height 0.3
set title "of one head, d = 64" font ",13"
plot file using 1:4 with linespoints lc rgb red lw 2 pt 7 ps 0.5 title "chapter 2, at most", \
     file using 1:2 with linespoints lc rgb red lw 1.4 dt 2 pt 6 ps 0.6 title "kept for the backward", \
     file using 1:5 with linespoints lc rgb blue lw 2 pt 7 ps 0.5 title "tiles, at most", \
     file using 1:3 with linespoints lc rgb blue lw 1.4 dt 2 pt 6 ps 0.6 title "kept for the backward"
file = data."memory.timing.tsv"
set ylabel "milliseconds, one thread" offset 0.5
set xrange [110:2400]
set yrange [0.02:200]
set format y "%g"
set title "forward and backward, measured" font ",13"
plot file using ($2 == 0 ? $1 : NaN):($3+$5) with linespoints lc rgb red lw 2 pt 7 ps 0.5 title "chapter 2", \
     file using ($2 == 1 ? $1 : NaN):($3+$5) with linespoints lc rgb red lw 1.4 dt 2 pt 6 ps 0.6 title "causal", \
     file using ($2 == 0 ? $1 : NaN):($4+$6) with linespoints lc rgb blue lw 2 pt 7 ps 0.5 title "tiles", \
     file using ($2 == 1 ? $1 : NaN):($4+$6) with linespoints lc rgb blue lw 1.4 dt 2 pt 6 ps 0.6 title "causal"
unset multiplot

# ---- reverse ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."reverse.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.15,0.88 spacing 0.11,0
file = data."reverse.tsv"
set logscale y
set xlabel "step of training (batches of 64)"
set ylabel "loss (nats), mean of 10 steps" offset 0.5
set xrange [0:600]
set yrange [5e-4:5]
set format y "10^{%L}"
set key bottom left height 0.3
set title "three seeds, both attentions" font ",13"
plot for [s=0:2] file using 1:(column(sprintf("unfused_%d", s))) with lines lc rgb red lw 2 title (s == 0 ? "chapter 2" : ""), \
     for [s=0:2] file using 1:(column(sprintf("tiled_%d", s))) with lines lc rgb blue lw 1.2 title (s == 0 ? "tiles of 4 × 4" : "")
file = data."reverse-apart.tsv"
set ylabel "difference of the two losses" offset 0.5
set yrange [1e-7:1]
set title "of the same step and seed" font ",13"
unset key
plot for [s=0:2] file using 1:(column(s+2) > 0 ? column(s+2) : NaN) with points pt 7 ps 0.25 lc rgb (s == 0 ? blue : s == 1 ? green : purple) notitle
unset multiplot
