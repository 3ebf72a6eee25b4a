# The figures of chapter word2vec, from the tables in the folder `data`; each block stands by itself below what follows.
set datafile columnheaders

# ---- drawing-pair ----
reset
load 'plots/style.gp'
set terminal @svg size 860,360
set output data."drawing-pair.svg"
@begin_drawing
unset datafile columnheaders
set xrange [-0.2:14.6]
set yrange [-0.7:5.5]
set print $boxes
do for [i=1:9] { print sprintf("%g 5 0.72 0.3 0x%s \"%s\"", 1.6 * i - 0.9, i == 4 ? "fde9c8" : i >= 2 && i <= 6 ? "dcecf7" : "eeeeee", word("so the old cat often purrs at the door", i)) }
print '1.6 2 0.9 0.35 0xfde9c8 "cat"'
print '11 3.4 0.9 0.35 0xd9f0e6 "purrs"'
print '11 2.4 0.9 0.35 0xf7dede "the"'
print '11 1.4 0.9 0.35 0xf7dede "iphone"'
print '11 0.4 0.9 0.35 0xf7dede "and"'
set print $rounds
print '7.6 3.4 "·"'; print '7.6 2.4 "·"'; print '7.6 1.4 "·"'; print '7.6 0.4 "·"'
set print $lines
print '5.5 4.7 5.5 4.45'; print '5.5 4.45 1.6 4.45'
set print $arrows
print '1.6 4.45 1.6 2.37'
do for [i=0:3] { print sprintf("2.5 2 7.42 %g", 3.37 - i); print sprintf("10.1 %g 7.78 %g", 3.4 - i, 3.4 - i) }
set print $words
print '12.7 3.4 "yes"'; print '12.7 2.4 "no"'; print '12.7 1.4 "no"'; print '12.7 0.4 "no"'
print '1.6 1.35 "input vector w"'; print '11 4.1 "output vectors c"'
set print $notes
print '5.1 4.1 "centre cat; window: two words to each side"'
print '7.6 -0.35 "σ(w·c): is it a real pair?"'
print '11 -0.35 "three drawn as noise"'
set print
@end_drawing
set datafile separator tab
set datafile columnheaders

# ---- drawing-tree ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-tree.svg"
@begin_drawing
unset datafile columnheaders
set xrange [-0.5:14.2]
set yrange [-0.9:4.6]
set print $rounds
print '5 4 "3"'; print '7.6 3 "2"'; print '9.8 2 "1"'; print '8.2 1 "0"'
set print $boxes
print '3 3 0.8 0.3 0xdcecf7 "the 8"'
print '5.6 2 0.8 0.3 0xfde9c8 "cat 4"'
print '11.6 1 0.8 0.3 0xdcecf7 "purrs 3"'
print '7 0 0.8 0.3 0xdcecf7 "door 1"'
print '9.4 0 0.8 0.3 0xdcecf7 "at 1"'
set print $arrows
print '4.87 3.9 3.4 3.32'; print '5.15 3.94 7.43 3.08'
print '7.45 2.92 6 2.32'; print '7.75 2.92 9.64 2.08'
print '9.67 1.9 8.33 1.1'; print '9.93 1.9 11.2 1.32'
print '8.08 0.88 7.3 0.32'; print '8.32 0.88 9.1 0.32'
set print $words
print '3.8 3.75 "0"'; print '6.5 3.7 "1"'; print '6.5 2.72 "0"'; print '8.9 2.68 "1"'
print '8.85 1.62 "0"'; print '10.75 1.72 "1"'; print '7.5 0.72 "0"'; print '8.95 0.72 "1"'
print '1.6 1.5 "cat: code 1, 0"'
print '1.6 0.9 "p(cat | w) = σ(-w·n_3) σ(w·n_2)"'
set print $notes
print '1.6 0.3 "two products for five words"'
print '8.2 4.3 "round: inner nodes, each with an output vector n; words have none"'
set print
@end_drawing
set datafile separator tab
set datafile columnheaders

# ---- optimum ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."optimum.svg"
set multiplot layout 1,2
set key top left
set xlabel "the formula of each noise"
set ylabel "w·c at the exact minimum"
set xrange [-5:4]
set yrange [-5:4]
set size ratio 1
of(n) = strcol(1) eq n
plot x with lines lc rgb "#bbbbbb" lw 1 notitle, \
    data.'optimum.tsv' using (of("uniform") ? $3 : NaN):4 with points pt 7 ps 0.35 lc rgb green title "uniform", \
    '' using (of("power_3_4") ? $3 : NaN):4 with points pt 7 ps 0.35 lc rgb blue title "power 3/4", \
    '' using (of("unigram") ? $3 : NaN):4 with points pt 7 ps 0.35 lc rgb orange title "unigram"
set xlabel "PMI - ln k"
unset ylabel
plot x with lines lc rgb "#bbbbbb" lw 1 notitle, \
    data.'optimum.tsv' using (of("uniform") ? $2 : NaN):4 with points pt 7 ps 0.35 lc rgb green title "uniform", \
    '' using (of("power_3_4") ? $2 : NaN):4 with points pt 7 ps 0.35 lc rgb blue title "power 3/4", \
    '' using (of("unigram") ? $2 : NaN):4 with points pt 7 ps 0.35 lc rgb orange title "unigram"
unset multiplot

# ---- rank ----
reset
load 'plots/style.gp'
set terminal @svg size 860,380
set output data."rank.svg"
set multiplot layout 1,2
set xlabel "width d of the vectors"
set xtics 1
set xrange [0.7:8.3]
set key bottom left
set ylabel "rms error of w·c"
set logscale y
set format y "10^{%T}"
set yrange [1e-3:2]
plot for [i=0:2] data.'rank.tsv' using ($1 == i && $3 > 1e-4 ? $2 : NaN):3 with linespoints lt 1 pt 7 ps 0.5 title i ? "" : "negative sampling", \
    for [i=0:2] '' using ($1 == i && $4 > 1e-4 ? $2 : NaN):4 with linespoints lt 2 pt 6 ps 0.6 title i ? "" : "SVD"
set ylabel "loss above the least possible"
set yrange [1e-6:0.5]
plot for [i=0:2] data.'rank.tsv' using ($1 == i && $5 > 1e-8 ? $2 : NaN):5 with linespoints lt 1 pt 7 ps 0.5 title i ? "" : "negative sampling", \
    for [i=0:2] '' using ($1 == i && $6 > 1e-8 ? $2 : NaN):6 with linespoints lt 2 pt 6 ps 0.6 title i ? "" : "SVD"
unset multiplot

# ---- gauge ----
reset
load 'plots/style.gp'
set terminal @svg size 860,410
set output data."gauge.svg"
set multiplot layout 1,2
set size ratio 1
set xrange [0.75:1]
set yrange [0.75:1]
unset key
set title "two minima, from different starts"
set xlabel "cosine of two words at one minimum"
set ylabel "the same at another"
plot x with lines lc rgb "#bbbbbb" lw 1, data.'gauge.tsv' using 1:2 with points pt 7 ps 0.35 lc rgb red
set xrange [0:1]
set yrange [0:1]
set title "two descents from small starts"
set xlabel "cosine after one descent"
set ylabel "the same after another"
plot x with lines lc rgb "#bbbbbb" lw 1, data.'gauge.tsv' using 3:4 with points pt 7 ps 0.35 lc rgb blue
unset multiplot

# ---- analogies ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."analogies.svg"
set multiplot layout 1,2
set xrange [0.15:2.05]
set yrange [0:1.03]
set xlabel "length r of the offset, in lengths of a stem"
set ylabel "part of right answers"
set title "no relation: every stem has its own offset"
hit(part) = abs(column(2) - part) < 1e-9 && strcol(4) eq "learnt"
file = data.'analogies-mean.tsv'
set key top right
plot file using (hit(0) ? $1 : NaN):5 with linespoints lt 1 pt 7 ps 0.5 title "question's words excluded", \
    file using (hit(0) ? $1 : NaN):8 with linespoints lt 3 pt 6 ps 0.6 title "nearest to b alone", \
    file using (hit(0) ? $1 : NaN):10 with linespoints lt 5 pt 2 ps 0.6 title "offset turned round", \
    file using (hit(0) ? $1 : NaN):6 with linespoints lt 2 pt 7 ps 0.5 title "nothing excluded"
set title "a relation: one offset for all stems"
unset key
plot file using (hit(1) ? $1 : NaN):5 with linespoints lt 1 pt 7 ps 0.5, \
    file using (hit(1) ? $1 : NaN):8 with linespoints lt 3 pt 6 ps 0.6, \
    file using (hit(1) ? $1 : NaN):10 with linespoints lt 5 pt 2 ps 0.6, \
    file using (hit(1) ? $1 : NaN):6 with linespoints lt 2 pt 7 ps 0.5
unset multiplot

# ---- hierarchical ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."hierarchical.svg"
set multiplot layout 1,2
set size ratio 1
set key top left
set xlabel "ln p(c | w), exact"
set ylabel "the same, learnt by the tree"
set xrange [-9:0]
set yrange [-9:0]
plot x with lines lc rgb "#bbbbbb" lw 1 notitle, data.'hierarchical.tsv' using 1:2 with points pt 7 ps 0.35 lc rgb blue notitle
set size noratio
set xlabel "width d of the vectors"
set ylabel "divergence from p(c | w), nats"
set xrange [1.5:12.5]
set yrange [2e-4:0.2]
set logscale y
set format y "10^{%T}"
set ytics autofreq
set xtics 2
set key top right
plot for [i=0:2] data.'hierarchical-width.tsv' using ($1 == i ? $2 : NaN):3 with linespoints lt 1 pt 7 ps 0.5 title i ? "" : "Huffman's tree", \
    for [i=0:2] '' using ($1 == i ? $2 : NaN):4 with linespoints lt 5 pt 6 ps 0.6 title i ? "" : "balanced tree", \
    for [i=0:2] '' using ($1 == i && $5 > 1e-6 ? $2 : NaN):5 with linespoints lt 2 pt 6 ps 0.6 title i ? "" : "negative sampling"
unset multiplot

# ---- cbow ----
reset
load 'plots/style.gp'
set terminal @svg size 700,380
set output data."cbow.svg"
set logscale x 2
set xlabel "first rate"
set ylabel "loss on windows not seen"
set xrange [0.0027:0.95]
set format x "%g"
set xtics ("0.003" 0.003125, "0.0125" 0.0125, "0.05" 0.05, "0.2" 0.2, "0.8" 0.8)
set yrange [2.08:2.7]
set key top right
best = real(system(sprintf("awk -F'\t' '$1 == \"least_possible\" { print $2 }' %scbow-numbers.tsv", data)))
none = real(system(sprintf("awk -F'\t' '$1 == \"no_context\" { print $2 }' %scbow-numbers.tsv", data)))
set label 1 "no context" at 0.0032,none + 0.015 tc rgb grey
set label 2 "the least possible, by Bayes" at 0.0032,best + 0.015 tc rgb grey
plot none with lines lc rgb grey dt 2 notitle, best with lines lc rgb grey dt 2 notitle, \
    for [i=0:2] data.'cbow.tsv' using (strcol(1) eq "divided" && $3 == i ? $2 : NaN):4 with linespoints lt 1 pt 7 ps 0.5 title i ? "" : "the true gradient", \
    for [i=0:2] '' using (strcol(1) eq "undivided" && $3 == i ? $2 : NaN):4 with linespoints lt 2 pt 6 ps 0.6 title i ? "" : "undivided, as in the programs"

# ---- window ----
reset
load 'plots/style.gp'
set terminal @svg size 860,360
set output data."window.svg"
set multiplot layout 1,2
set xlabel "distance of the neighbour"
set ylabel "part of the places where it counts"
set xrange [0.6:5.4]
set yrange [0:1.08]
set xtics 1
set key bottom left
plot data.'window.tsv' using 1:4 with lines lt 1 title "(L - δ + 1)/L", '' using 1:5 with lines lt 2 dt 2 title "1/δ", \
    '' using 1:2 with points pt 7 ps 0.8 lc rgb black title "drawn"
set xlabel "expected number of a pair in a text"
set ylabel "drawn, over expected"
set xrange [*:*]
set yrange [0.9:1.7]
set xtics 400
set key top right
plot 1 with lines lc rgb "#bbbbbb" lw 1 notitle, \
    data.'window-pairs.tsv' using 5:($3/$5):($4/$5) with yerrorbars lt 1 pt 7 ps 0.5 title "by (L - δ + 1)/L", \
    '' using 6:($3/$6) with points lt 2 pt 6 ps 0.6 title "by 1/δ"
unset multiplot

# ---- subsampling ----
reset
load 'plots/style.gp'
set terminal @svg size 860,360
set output data."subsampling.svg"
set multiplot layout 1,2
set logscale x
set xlabel "how often the word comes, f/t"
set ylabel "part that is kept"
set xrange [0.1:1000]
set yrange [0:1.08]
set format x "%g"
set key top right
plot data.'subsampling.tsv' using 1:3 with lines lt 2 title "the programs", '' using 1:2 with lines lt 1 title "the paper"
unset logscale
set xlabel "neighbours after dropping"
set ylabel "their distance in the text"
set xrange [0.6:5.4]
set yrange [0:8]
set xtics 1
set format x "%g"
set key top left
plot x with lines lc rgb "#bbbbbb" title "nothing dropped", data.'subsampling-distance.tsv' using 1:4 with lines lt 1 title "expected", \
    '' using 1:2 with points pt 7 ps 0.8 lc rgb black title "drawn"
unset multiplot
