# The figures of chapter bpe, from the tables in the folder `data`.
# Each is a block of its own that begins anew.

# ---- drawing-pipeline ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-pipeline.svg"
@begin_drawing
set xrange [-0.4:13.4]
set yrange [-0.4:4.8]
$boxes << END
6.85 4.2 4.9 0.33 0xeeeeee "or the café's"
2.6 2.9 0.45 0.33 0xfde9c8 "or"
4.2 2.9 0.6 0.33 0xfde9c8 "␣the"
7.45 2.9 1.3 0.33 0xfde9c8 "␣café"
10.7 2.9 0.5 0.33 0xfde9c8 "'s"
2.6 1.6 0.35 0.33 0xdcecf7 "or"
2.6 0.3 0.36 0.33 0xd9f0e6 "260"
4.2 1.6 0.5 0.33 0xdcecf7 "␣the"
4.2 0.3 0.36 0.33 0xd9f0e6 "266"
5.8 1.6 0.35 0.33 0xdcecf7 "␣c"
5.8 0.3 0.36 0.33 0xd9f0e6 "264"
6.7 1.6 0.35 0.33 0xdcecf7 "a"
6.7 0.3 0.36 0.33 0xd9f0e6 "64"
7.5 1.6 0.35 0.33 0xdcecf7 "f"
7.5 0.3 0.36 0.33 0xd9f0e6 "69"
8.3 1.6 0.35 0.33 0xdcecf7 "c3"
8.3 0.3 0.36 0.33 0xd9f0e6 "127"
9.1 1.6 0.35 0.33 0xdcecf7 "a9"
9.1 0.3 0.36 0.33 0xd9f0e6 "102"
10.3 1.6 0.35 0.33 0xdcecf7 "'"
10.3 0.3 0.36 0.33 0xd9f0e6 "6"
11.1 1.6 0.35 0.33 0xdcecf7 "s"
11.1 0.3 0.36 0.33 0xd9f0e6 "82"
END
$arrows << END
2.6 3.87 2.6 3.25
2.60 2.57 2.6 1.95
2.6 1.27 2.6 0.65
4.2 3.87 4.2 3.25
4.20 2.57 4.2 1.95
4.2 1.27 4.2 0.65
7.45 3.87 7.45 3.25
6.29 2.57 5.8 1.95
5.8 1.27 5.8 0.65
6.93 2.57 6.7 1.95
6.7 1.27 6.7 0.65
7.49 2.57 7.5 1.95
7.5 1.27 7.5 0.65
8.04 2.57 8.3 1.95
8.3 1.27 8.3 0.65
8.61 2.57 9.1 1.95
9.1 1.27 9.1 0.65
10.7 3.87 10.7 3.25
10.42 2.57 10.3 1.95
10.3 1.27 10.3 0.65
10.98 2.57 11.1 1.95
11.1 1.27 11.1 0.65
END
$words << END
0.7 4.2 "text"
0.7 2.9 "pieces"
0.7 1.6 "tokens"
0.7 0.3 "ids"
END
$notes << END
12.5 3.55 "a fixed rule"
12.5 2.25 "learnt merges"
12.5 0.95 "their numbers"
END
@end_drawing

# ---- drawing-tree ----
reset
load 'plots/style.gp'
set terminal @svg size 860,300
set output data."drawing-tree.svg"
@begin_drawing
set xrange [-0.4:13.2]
set yrange [-0.5:4.3]
$boxes << END
2 0.3 0.4 0.33 0xeeeeee "l"
3.4 0.3 0.4 0.33 0xeeeeee "o"
4.8 0.3 0.4 0.33 0xeeeeee "w"
7.2 0.3 0.4 0.33 0xeeeeee "e"
8.6 0.3 0.4 0.33 0xeeeeee "s"
10 0.3 0.4 0.33 0xeeeeee "t"
2.7 1.7 0.45 0.33 0xdcecf7 "lo"
7.9 1.7 0.45 0.33 0xdcecf7 "es"
3.75 3.1 0.6 0.33 0xd9f0e6 "low"
8.95 3.1 0.6 0.33 0xd9f0e6 "est"
END
$arrows << END
2.1 0.63 2.55 1.35
3.3 0.63 2.85 1.35
7.3 0.63 7.75 1.35
8.5 0.63 8.05 1.35
2.85 2.03 3.55 2.75
4.75 0.63 3.95 2.75
8.05 2.03 8.75 2.75
9.95 0.63 9.15 2.75
END
$words << END
1.55 1.7 "merge 2"
6.75 1.7 "merge 0"
2.35 3.1 "merge 3"
7.55 3.1 "merge 1"
END
$notes << END
6.4 4 "lowest was never seen; two tokens, by the order 0, 1, 2, 3"
12 0.3 "bytes"
12 3.1 "tokens"
END
@end_drawing

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cost.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.15,0.9 spacing 0.11,0
set logscale xy
set format xy "10^{%L}"
set xlabel "bytes of the text"
set xrange [8e3:1.2e7]
set key top left
set title "words that are gone through" font ",13"
set yrange [1e3:1e10]
plot data."cost.tsv" using ($1*1000):4 with linespoints lc rgb red pt 7 ps 0.5 title "counting again", \
     data."cost.tsv" using ($1*1000):5 with linespoints lc rgb blue pt 7 ps 0.5 title "heap", \
     data."cost.tsv" using ($1*1000):3 with linespoints lc rgb grey pt 7 ps 0.4 title "distinct words"
set title "seconds, one thread (the machine's own)" font ",13"
set yrange [1e-4:1e4]
plot data."cost.timing.tsv" using ($1*1000):2 with linespoints lc rgb red pt 7 ps 0.5 title "counting again", \
     data."cost.timing.tsv" using ($1*1000):3 with linespoints lc rgb blue pt 7 ps 0.5 title "heap", \
     data."cost.timing.tsv" using ($1*1000):4 with linespoints lc rgb green pt 7 ps 0.5 title "encoding", \
     data."cost-pieces.timing.tsv" using 1:2 with linespoints lc rgb purple pt 7 ps 0.4 title "encoding, one piece"
unset multiplot

# ---- compression ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."compression.svg"
set logscale x 2
set xlabel "tokens of the vocabulary"
set ylabel "bytes a token" offset 1
set xrange [256:3400]
set yrange [1:5.2]
set xtics (256, 512, 1024, 2048, 3157)
set key top left
file = data."compression.tsv"
plot file using 1:2 with linespoints lc rgb blue pt 7 ps 0.5 title "the text that it learnt from (GPL-3)", \
     file using 1:4 with linespoints lc rgb orange pt 7 ps 0.5 title "Apache-2.0", \
     file using 1:3 with linespoints lc rgb green pt 7 ps 0.5 title "MPL-2.0"

# ---- fewest ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."fewest.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.15,0.9 spacing 0.1,0
file = data."fewest.tsv"
set logscale x 2
set xlabel "tokens of the vocabulary"
set xrange [300:4400]
set xtics (320, 512, 1024, 2048, 4096)
set yrange [0:10]
set ylabel "more tokens than the fewest, percent" offset 1
set key top left
do for [name in "English agglutinative"] {
    set title (name eq "English" ? "English: GPL-3, tested on MPL-2.0" : "agglutinative language") font ",13"
    plot file using (strcol(1) eq name ? $2 : NaN):(100*($5/$6-1)) with linespoints lc rgb red pt 7 ps 0.5 title "leftmost pair first", \
         file using (strcol(1) eq name ? $2 : NaN):(100*($3/$6-1)) with linespoints lc rgb blue pt 7 ps 0.5 title "BPE", \
         file using (strcol(1) eq name ? $2 : NaN):(100*($4/$6-1)) with linespoints lc rgb green pt 7 ps 0.5 title "longest match"
    unset ylabel
}
unset multiplot

# ---- morphemes ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."morphemes.svg"
set logscale x 2
set xlabel "merges"
set ylabel "part" offset 1
set xrange [14:9000]
set yrange [0:1.02]
set xtics (16, 32, 64, 128, 256, 432, 768, 1792, 3840, 7936)
set arrow 1 from 432,0 to 432,1 nohead lc rgb grey dt 3
set label 1 "432 morphemes" at 450,0.06 left textcolor rgb grey
set key outside right
file = data."morphemes.tsv"
plot file using ($1-256):3 with linespoints lc rgb green pt 7 ps 0.5 title "recall", \
     file using ($1-256):2 with linespoints lc rgb blue pt 7 ps 0.5 title "precision", \
     file using ($1-256):4 with linespoints lc rgb black pt 7 ps 0.5 title "F1", \
     file using ($1-256):5 with linespoints lc rgb grey pt 7 ps 0.3 dt 2 title "F1 by chance"

# ---- bits-per-byte ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."bits-per-byte.svg"
set multiplot layout 1,2 margins 0.075,0.985,0.15,0.9 spacing 0.1,0
file = data."bits-per-byte.tsv"
set logscale x 2
set xlabel "tokens of the vocabulary"
set xrange [220:4800]
set xtics (256, 512, 1024, 2048, 4096)
set yrange [0:8]
set key top left
set title "nats a token: no measure" font ",13"
plot file using (strcol(2) eq "2e10" ? $3 : NaN):6 with linespoints lc rgb orange pt 7 ps 0.5 title "2e10 operations", \
     file using (strcol(2) eq "1e11" ? $3 : NaN):6 with linespoints lc rgb blue pt 7 ps 0.5 title "1e11 operations"
set title "bits a byte" font ",13"
set yrange [1.4:3.1]
set key top right
plot file using (strcol(2) eq "2e10" ? $3 : NaN):7:8:9 with yerrorbars lc rgb orange pt 7 ps 0.5 notitle, \
     file using (strcol(2) eq "2e10" ? $3 : NaN):7 with lines lc rgb orange title "2e10 operations", \
     file using (strcol(2) eq "1e11" ? $3 : NaN):7:8:9 with yerrorbars lc rgb blue pt 7 ps 0.5 notitle, \
     file using (strcol(2) eq "1e11" ? $3 : NaN):7 with lines lc rgb blue title "1e11 operations", \
     data."bits-per-byte-entropy.tsv" using (220):(strcol(1) eq "bits_per_byte" ? $2 : NaN):(4580):(0) with vectors nohead lc rgb black dt 3 title "the language's entropy"
unset multiplot

# ---- chinese ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,330
set output data."chinese.svg"
set logscale x 2
set xlabel "tokens of the vocabulary"
set ylabel "tokens a character" offset 1
set xrange [240:9000]
set yrange [0:3.3]
set xtics (256, 512, 1024, 2048, 4096, 8192)
set key at graph 0.98,0.75 right
file = data."chinese.tsv"
plot file using 1:2 with linespoints lc rgb red pt 7 ps 0.5 title "learnt from English", \
     file using 1:3 with linespoints lc rgb blue pt 7 ps 0.5 title "learnt from the Chinese words"
