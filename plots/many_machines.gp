# The figures of chapter many_machines, from the tables in the folder `data`.
# Each is a block of its own that begins anew.

# ---- drawing-job ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-job.svg"
@begin_drawing
set xrange [-0.4:14.4]
set yrange [-0.5:5.2]
$boxes << END
1.2 3.6 1.25 0.4 0xeeeeee "a rose is a rose"
1.2 1 1.25 0.4 0xeeeeee "is a rose"
4.4 3.6 0.7 0.4 0xdcecf7 "map"
4.4 1 0.7 0.4 0xdcecf7 "map"
6.6 3.6 0.8 0.4 0xfde9c8 "combine"
6.6 1 0.8 0.4 0xfde9c8 "combine"
10.6 3.6 0.95 0.4 0xd9f0e6 "sort, reduce"
10.6 1 0.95 0.4 0xd9f0e6 "sort, reduce"
13.2 3.6 0.95 0.4 0xeeeeee "a 3   rose 3"
13.2 1 0.95 0.4 0xeeeeee "is 2"
END
$arrows << END
2.45 3.6 3.65 3.6
2.45 1 3.65 1
5.1 3.6 5.75 3.6
5.1 1 5.75 1
7.4 3.6 9.6 3.6
7.4 3.6 9.6 1.1
7.4 1 9.6 3.5
7.4 1 9.6 1
11.55 3.6 12.2 3.6
11.55 1 12.2 1
END
$words << END
8.4 4.05 "a 2  rose 2"
7.75 2.75 "is 1"
8.35 0.55 "is 1"
9.75 2.3 "a 1  rose 1"
END
$notes << END
1.2 4.8 "splits"
5.5 4.8 "two map tasks"
8.5 4.8 "shuffle: hash of the key mod 2"
10.9 -0.1 "two reducers"
13.2 4.8 "result"
END
@end_drawing

# ---- drawing-tree ----
reset
load 'plots/style.gp'
set terminal @svg size 860,360
set output data."drawing-tree.svg"
@begin_drawing
set xrange [-1.2:15.2]
set yrange [-1.4:5.6]
$boxes << END
0 0 0.45 0.35 0xdcecf7 "g_0"
2 0 0.45 0.35 0xdcecf7 "g_1"
4 0 0.45 0.35 0xfde9c8 "g_2"
6 0 0.45 0.35 0xfde9c8 "g_3"
8 0 0.45 0.35 0xfde9c8 "g_4"
10 0 0.45 0.35 0xd9f0e6 "g_5"
12 0 0.45 0.35 0xd9f0e6 "g_6"
14 0 0.45 0.35 0xd9f0e6 "g_7"
1 1.6 0.35 0.35 0xdcecf7 "+"
5 1.6 0.35 0.35 0xfde9c8 "+"
9 1.6 0.35 0.35 0xfde9c8 "+"
13 1.6 0.35 0.35 0xd9f0e6 "+"
3 3.2 0.35 0.35 0xdcecf7 "+"
11 3.2 0.35 0.35 0xfde9c8 "+"
7 4.8 0.35 0.35 0xdcecf7 "+"
END
$lines << END
0 0.35 0.8 1.25
2 0.35 1.2 1.25
4 0.35 4.8 1.25
6 0.35 5.2 1.25
8 0.35 8.8 1.25
12 0.35 12.8 1.25
14 0.35 13.2 1.25
1 1.95 2.8 2.85
9 1.95 10.8 2.85
3 3.55 6.7 4.5
END
$arrows << END
10 0.35 9.25 1.3
5 1.95 3.25 2.9
13 1.95 11.25 2.9
11 3.55 7.3 4.5
END
$notes << END
1 -0.9 "rank 0: leaves 0, 1"
6 -0.9 "rank 1: leaves 2, 3, 4"
12 -0.9 "rank 2: leaves 5, 6, 7"
11.3 4.5 "an arrow is a message; a line is none"
END
@end_drawing

# ---- shuffle ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."shuffle.svg"
set xlabel "map tasks M, each with a combiner"
set ylabel "records left (percent)"
set logscale x 2
set xrange [1:1024]
set yrange [0:62]
set key top left
plot data."shuffle-formula.tsv" using "tasks":(100*column("share")) with lines lc rgb blue title "M Σ_k [1 − (1 − p_k)^{n/M}] / n", \
     data."shuffle.tsv" using "tasks":(100*column("share")) with points pt 7 ps 0.8 lc rgb red title "counted by the program"

# ---- skew ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."skew.svg"
file = data."skew.tsv"
set xlabel "reducers R"
set ylabel "fullest reducer over the mean"
set logscale x 2
set xrange [2:64]
set yrange [0:7]
set key top left
plot file using "reducers":"bound" with lines dt 2 lc rgb black title "p_1 R", \
     file using "reducers":"plain" with linespoints pt 7 ps 0.6 lc rgb red title "plain", \
     file using "reducers":"salted" with linespoints pt 7 ps 0.6 lc rgb orange title "16 salts", \
     file using "reducers":"combined" with linespoints pt 7 ps 0.6 lc rgb blue title "behind combiners"

# ---- bits ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."bits.svg"
file = data."bits.tsv"
set xlabel "ranks p"
set ylabel "sums that differ from the tree (percent)"
set xrange [0.8:8.2]
set yrange [-2:78]
set xtics 1
set key top right maxrows 2
plot file using "ranks":(100*column("chain_ring")) with linespoints pt 7 ps 0.6 lc rgb orange title "one by one, ring", \
     file using "ranks":(100*column("tree_ring")) with linespoints pt 7 ps 0.6 dt 2 lc rgb red title "tree, ring", \
     file using "ranks":(100*column("tree_doubling")) with linespoints pt 7 ps 0.6 lc rgb green title "tree, doubling or halving", \
     file using "ranks":(100*column("leaves")) with linespoints pt 7 ps 0.6 lc rgb blue title "our table"

# ---- allreduce ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."allreduce.svg"
file = data."allreduce-time.tsv"
set xlabel "values n, with α/β = 1000"
set ylabel "time over α, eight ranks"
set logscale xy
set xrange [64:4.2e6]
set yrange [2:1e4]
set format x "10^{%L}"
set key top left
set arrow 1 from 2400,2 to 2400,1e4 nohead dt 3 lc rgb grey
set label 1 "2.4 α/β" at 2600,3 left textcolor rgb grey
plot file using "values":"tree" with lines lc rgb purple title "tree", \
     file using "values":"ring" with lines lc rgb orange title "ring", \
     file using "values":"doubling" with lines lc rgb red title "doubling", \
     file using "values":"halving" with lines lc rgb blue title "halving"

# ---- durability ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."durability.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.15,0.9 spacing 0.12,0
file = data."durability.tsv"
set xlabel "machines of 100 that die at once"
set logscale y
set format y "10^{%L}"
set xrange [2.5:20.5]
set yrange [1e-4:3]
set title "the chance that anything is lost" font ",13"
set key bottom right
plot file using "dead":"random" with lines lc rgb red title "random triples", \
     file using "dead":"random_tried" with points pt 7 ps 0.7 lc rgb red notitle, \
     file using "dead":"fixed" with lines lc rgb blue title "33 fixed triples", \
     file using "dead":"fixed_tried" with points pt 7 ps 0.7 lc rgb blue notitle
set title "blocks lost on average, of 10 000" font ",13"
set yrange [1e-2:300]
plot file using "dead":"expected" with lines lc rgb black title "both, by the formula", \
     file using "dead":"random_lost" with points pt 7 ps 0.7 lc rgb red title "random, tried", \
     file using "dead":"fixed_lost" with points pt 6 ps 1.1 lc rgb blue title "fixed, tried"
unset multiplot

# ---- restart ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."restart.svg"
set xlabel "useful seconds between two savings"
set ylabel "overhead (percent)"
set logscale xy
set xrange [100:50000]
set yrange [3:60]
set ytics (3, 5, 10, 20, 50)
set key top center
set arrow 1 from 3220,3 to 3220,60 nohead dt 3 lc rgb grey
set label 1 "Young: √(2CF)" at 3400,8 left textcolor rgb grey
plot data."restart-formula.tsv" using "interval":(100*column("overhead")) with lines lc rgb blue title "exact", \
     data."restart-formula.tsv" using "interval":(100*column("first_order")) with lines dt 2 lc rgb black title "C/t + t/2F", \
     data."restart.tsv" using "interval":(100*column("simulated")):(100*column("standard_error")) with yerrorbars pt 7 ps 0.6 lc rgb red title "failures by chance"

# ---- training ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."training.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.15,0.9 spacing 0.13,0
file = data."training.tsv"
set xlabel "step"
set xrange [0:200]
set title "by our tree: 1, 2, 4, 8 ranks in one line" font ",13"
set ylabel "loss of the batch" offset 1
set yrange [0:2]
set key top right
plot for [s=0:2] file using "step":sprintf("loss_%d", s) with lines lw 1.4 lc rgb (s == 0 ? blue : s == 1 ? green : purple) title sprintf("seed %d", s)
set title "as usual: how far from one rank" font ",13"
set ylabel "|w − w'| / |w|" offset 1
set logscale y
set format y "10^{%L}"
set yrange [1e-9:1e-5]
set key top right
plot for [s=0:2] file using "step":sprintf("usual_2_%d", s) with lines lw 1.4 lc rgb orange title (s == 0 ? "2 ranks, 3 seeds" : ""), \
     for [s=0:2] file using "step":sprintf("usual_4_%d", s) with lines lw 1.4 dt 2 lc rgb red title (s == 0 ? "4 ranks, 3 seeds" : "")
unset multiplot
