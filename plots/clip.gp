# The figures of chapter clip, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-towers ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."drawing-towers.svg"
@begin_drawing
set xrange [-0.2:16.4]
set yrange [-0.9:6.9]
$boxes << END
1.3 5.7 1.2 0.42 0xeeeeee "N pictures"
4.6 5.7 1.3 0.42 0xdcecf7 "picture tower"
7.6 5.7 0.75 0.42 0xfde9c8 "x / |x|"
1.3 0.3 1.2 0.42 0xeeeeee "N captions"
4.6 0.3 1.3 0.42 0xdcecf7 "caption tower"
7.6 0.3 0.75 0.42 0xfde9c8 "y / |y|"
11.1 4.4 0.5 0.5 0xd9f0e6 "z_{11}"
12.1 4.4 0.5 0.5 0xffffff "z_{12}"
13.1 4.4 0.5 0.5 0xffffff "z_{13}"
11.1 3.4 0.5 0.5 0xffffff "z_{21}"
12.1 3.4 0.5 0.5 0xd9f0e6 "z_{22}"
13.1 3.4 0.5 0.5 0xffffff "z_{23}"
11.1 2.4 0.5 0.5 0xffffff "z_{31}"
12.1 2.4 0.5 0.5 0xffffff "z_{32}"
13.1 2.4 0.5 0.5 0xd9f0e6 "z_{33}"
END
$lines << END
8.35 5.7 9.7 5.7
9.7 5.7 9.7 3.4
8.35 0.3 12.1 0.3
END
$arrows << END
2.5 5.7 3.3 5.7
5.9 5.7 6.85 5.7
2.5 0.3 3.3 0.3
5.9 0.3 6.85 0.3
9.7 3.4 10.55 3.4
12.1 0.3 12.1 1.85
13.7 3.4 14.5 3.4
12.1 4.95 12.1 5.7
END
$words << END
9.0 6.05 "u"
9.0 0.65 "v"
15.3 3.65 "softmax"
15.3 3.15 "of a row"
12.1 6.35 "softmax of a column"
END
$notes << END
9.2 1.5 "z = e^t u v^T"
14.7 1.55 "green: a picture"
14.7 1.15 "and its own caption"
12.4 -0.5 "a row: one picture against all captions"
4.6 5.0 "chapter vit's"
4.6 1.0 "words, one hidden layer"
END
@end_drawing

# ---- drawing-devices ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-devices.svg"
@begin_drawing
set xrange [-2.4:17.6]
set yrange [-1.2:6]
n = 4
set print $boxes
do for [p = 0:n-1] { do for [q = 0:n-1] {
    print sprintf("%g %g 0.5 0.5 %d \"%d\"", 1.5 + q, 4 - p, p == q ? 0xd9f0e6 : 0xffffff, (q - p + n) % n)
} }
do for [k = 0:n-1] { do for [e = 0:n-1] {
    print sprintf("%g %g 0.8 0.36 %d \"u_%d, v_%d\"", 8.4 + 2.6 * k, 4 - e, k == 0 ? 0xd9f0e6 : 0xdcecf7, e, (e + k) % n)
} }
set print
$words << END
-0.5 4 "device 0"
-0.5 3 "device 1"
-0.5 2 "device 2"
-0.5 1 "device 3"
8.4 5 "step 0"
11 5 "step 1"
13.6 5 "step 2"
16.2 5 "step 3"
END
$notes << END
3 5 "captions of device 0, 1, 2, 3"
3 -0.2 "the step in which a block is computed"
12.3 -0.2 "what a device holds: its pictures, and captions that go round"
END
@end_drawing

# ---- shapes ----
reset
load 'plots/style.gp'
set terminal @svg size 860,470
set output data."shapes.svg"
unset border; unset tics; unset grid; unset key
set lmargin 1; set rmargin 1; set tmargin 1; set bmargin 1
set size ratio -1
set xrange [-1:79]
set yrange [-46:2]
set datafile columnheaders
at_x(k) = (int(k) % 4) * 20
at_y(k) = -24 * (int(k) / 4)
plot data."shapes.tsv" using (at_x($1)+$2):(at_y($1)-$3):(0.52):(0.52):4 with boxxyerror fs solid 1 noborder lc rgb variable, \
    data."shapes-captions.tsv" using (at_x($1)+7.5):(at_y($1)-18.5):2 with labels font ",11"

# ---- optimum ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."optimum.svg"
set xlabel "pair (x, y): four captions of each of five pictures"
set ylabel "learnt score less PMI (nats)"
set xtics ("x = 0" 1.5, "1" 5.5, "2" 9.5, "3" 13.5, "4" 17.5)
set key outside right
set xrange [-0.7:19.7]
plot data."optimum.tsv" using (4*$1+$2):($4-$3) with points pt 7 ps 0.8 lc rgb orange title "rows", \
    '' using (4*$1+$2):($5-$3) with points pt 5 ps 0.7 lc rgb purple title "columns", \
    '' using (4*$1+$2):($6-$3) with linespoints pt 9 ps 0.8 lc rgb blue title "both", \
    '' using (4*$1+$2):($7-$3) with linespoints pt 13 ps 0.9 lc rgb red title "sigmoid", \
    -log(3) with lines dt 3 lw 1 lc rgb grey title "−log(N − 1)"

# ---- bound ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."bound.svg"
set logscale x 2
set xlabel "pairs in a batch, N"
set ylabel "nats"
set yrange [0:9]
set key top left
plot data."bound.tsv" using 1:2 with lines dt 2 lc rgb grey title "log N", \
    '' using 1:8 with lines dt 3 lc rgb black title "I(X; Y)", \
    '' using 1:7 with linespoints pt 7 ps 0.6 lc rgb blue title "log N − least softmax loss", \
    '' using 1:6 with linespoints pt 13 ps 0.8 lc rgb red title "least sigmoid loss"

# ---- start ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."start.svg"
set logscale x 2
set logscale y
set xlabel "pairs in a batch, N"
set ylabel "sigmoid loss, all scores 0"
set yrange [1:1e5]
set key top left
plot data."start.tsv" using 1:2 with linespoints pt 7 ps 0.5 lc rgb orange title "b = 0", \
    '' using 1:3 with linespoints pt 13 ps 0.8 lc rgb red title "b = −10", \
    '' using 1:4 with linespoints pt 5 ps 0.5 lc rgb green title "b = −log(N − 1)"

# ---- invariance ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."invariance.svg"
set xlabel "modality gap |mean u − mean v|"
set ylabel "InfoNCE loss (nats)"
set yrange [1:3.3]
set key top left
plot data."invariance.tsv" using 2:7 with linespoints pt 7 ps 0.6 lc rgb orange title "the scale as it was", \
    '' using 2:5 with linespoints pt 9 ps 0.8 lc rgb blue title "times 1 / (1 − a^2)"

# ---- devices ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."devices.svg"
set logscale x 2
set logscale y 2
set xlabel "devices"
set ylabel "numbers that one device holds"
set xrange [0.9:8.9]
set key bottom left
plot data."devices.tsv" using 1:4 with lines dt 2 lc rgb grey title "all scores and their slopes", \
    '' using 1:2 with linespoints pt 7 ps 0.7 lc rgb orange title "ring", \
    '' using 1:3 with linespoints pt 9 ps 0.9 lc rgb blue title "tree of 8 pieces", \
    data."devices-online.tsv" using (1):2 with points pt 5 ps 0.9 lc rgb green title "InfoNCE, blocks of 32"

# ---- batch-size ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."batch-size.svg"
set multiplot layout 1,2
set logscale x 4
set xlabel "pairs in a batch, N"
set xtics (16, 64, 256)
set xrange [11:380]
set yrange [0:1]
set key top left
is(name, N) = stringcolumn("run") eq sprintf("%s-%d", name, N)
at(name, value) = is(name, column("N")) ? column(value) : NaN
set ylabel "R\\@1 among 256"
plot data."batch-size.tsv" using (column("N")*0.93):(at("softmax", "recall")) with points pt 7 ps 0.7 lc rgb blue title "softmax", \
    '' using (column("N")):(at("sigmoid", "recall")) with points pt 13 ps 0.9 lc rgb red title "sigmoid from −10", \
    '' using (column("N")*1.07):(at("balanced", "recall")) with points pt 5 ps 0.6 lc rgb green title "from −log(N − 1)", \
    data."ideal.tsv" using (11):2:(369):(0) with vectors nohead dt 2 lc rgb grey title "who knows PMI"
set ylabel "zero-shot, 48 classes"
plot data."batch-size.tsv" using (column("N")*0.93):(at("softmax", "zero_shot")) with points pt 7 ps 0.7 lc rgb blue notitle, \
    '' using (column("N")):(at("sigmoid", "zero_shot")) with points pt 13 ps 0.9 lc rgb red notitle, \
    '' using (column("N")*1.07):(at("balanced", "zero_shot")) with points pt 5 ps 0.6 lc rgb green notitle
unset multiplot

# ---- pmi ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."pmi.svg"
set multiplot layout 1,2
set xlabel "PMI (nats)"
set xrange [3.6:6.2]
set key top left
of(name, value) = stringcolumn("run") eq name ? column(value) : NaN
middle = log(48) + 1.5 * log(2)
set yrange [-1.3:2.3]
set ylabel "mean learnt score, less its mean"
plot data."pmi.tsv" using (column("pmi")):(of("softmax-256", "centred")) with points pt 7 ps 0.7 lc rgb blue title "softmax, N = 256", \
    '' using (column("pmi")+0.05):(of("softmax-64", "centred")) with points pt 9 ps 0.8 lc rgb sky title "N = 64", \
    '' using (column("pmi")+0.1):(of("softmax-16", "centred")) with points pt 5 ps 0.6 lc rgb purple title "N = 16", \
    x - middle with lines dt 2 lc rgb grey title "PMI"
set yrange [-2.5:3.5]
set ylabel "mean learnt score + b"
plot data."pmi.tsv" using (column("pmi")):(of("sigmoid-256", "score")) with points pt 7 ps 0.7 lc rgb red title "sigmoid, N = 256", \
    '' using (column("pmi")):(of("sigmoid-64", "score")) with points pt 9 ps 0.8 lc rgb orange title "N = 64", \
    x - log(255) with lines dt 2 lc rgb red title "PMI − log 255", \
    x - log(63) with lines dt 2 lc rgb orange title "PMI − log 63"
unset multiplot

# ---- rates ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."rates.svg"
set ylabel "R\\@1 among 256"
set yrange [0:0.6]
set xrange [-0.6:3.6]
set xtics ("4e-3" 0, "8e-3" 1, "16e-3" 2, "8e-3, 2000 steps" 3)
set key top left
set xlabel "rate"
place(name) = strstrt(name, "long") ? 3 : strstrt(name, "16e-3") ? 2 : strstrt(name, "8e-3") ? 1 : 0
loss(name, kind) = strstrt(stringcolumn("run"), kind) ? column("recall") : NaN
plot data."rates.tsv" using (place(stringcolumn("run"))-0.05):(loss(0, "softmax")) with points pt 7 ps 0.8 lc rgb blue title "softmax, N = 16", \
    '' using (place(stringcolumn("run"))+0.05):(loss(0, "sigmoid")) with points pt 13 ps 1 lc rgb red title "sigmoid from −10"

# ---- bias-gap ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."bias-gap.svg"
set multiplot layout 1,2
set xlabel "b, held fixed"
set xrange [-16:1]
set yrange [0:1.7]
set key top left
set ylabel "modality gap"
plot data."bias-gap.tsv" using 1:3 with points pt 7 ps 0.8 lc rgb blue title "measured", \
    '' using 1:4 with points pt 4 ps 1.3 lc rgb grey title "from b and the mean score"
set yrange [0:0.6]
set ylabel "R\\@1 among 256"
plot data."bias-gap.tsv" using 1:5 with points pt 7 ps 0.8 lc rgb blue notitle
unset multiplot

# ---- cheaper ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cheaper.svg"
set ylabel "part of the test pictures"
set yrange [0:1]
set xrange [-0.6:4.6]
set xtics ("CLIP" 0, "half the patches" 1, "half, 1000 steps" 2, "locked" 3, "words as classes" 4)
set key top left
place(kind) = kind eq "whole" ? 0 : kind eq "half" ? 1 : kind eq "half-longer" ? 2 : kind eq "locked" ? 3 : 4
found(kind, value) = kind eq "words" ? NaN : value
plot data."cheaper.tsv" using (place(stringcolumn("run"))-0.08):(column("zero_shot")) with points pt 7 ps 0.8 lc rgb blue title "zero-shot: colour and form", \
    '' using (place(stringcolumn("run"))+0.08):(found(stringcolumn("run"), column("recall"))) with points pt 9 ps 0.9 lc rgb orange title "R\\@1 among 256"
