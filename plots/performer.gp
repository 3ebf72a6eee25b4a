# The figures of chapter performer, from the tables in the folder `data`.
# Each is a block of its own that begins anew.

# Column y in the rows whose first column is this name, elsewhere nothing.
of(name, y) = strcol(1) eq name ? column(y) : NaN

# ---- drawing-orders ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."drawing-orders.svg"
@begin_drawing
set xrange [-0.4:13.4]
set yrange [-1.7:5.6]
$boxes << END
0.8 3.5 0.4 1.2 0xdcecf7 "φ(x)"
3.2 3.5 1.2 0.4 0xfde9c8 "φ(y)^T"
6.7 3.5 1.2 1.2 0xf7dede "T × S weights"
8.9 3.5 0.35 1.2 0xeeeeee "v"
12.1 3.5 0.35 1.2 0xd9f0e6 "out"
0.8 0 0.4 1.2 0xdcecf7 "φ(x)"
3.2 0 1.2 0.4 0xfde9c8 "φ(y)^T"
5.1 0 0.35 1.2 0xeeeeee "v"
8.2 0 0.4 1.2 0xdcecf7 "φ(x)"
9.4 0 0.4 0.4 0xd9f0e6 "F × c"
12.1 0 0.35 1.2 0xd9f0e6 "out"
END
$arrows << END
4.7 3.5 5.3 3.5
9.5 3.5 11.55 3.5
5.75 0 7.5 0
10.1 0 11.55 0
END
$words << END
-0.1 3.5 "("
1.6 3.5 "·"
4.55 3.5 ")"
8.2 3.5 "·"
1.42 0 "·"
1.8 0 "("
4.58 0 "·"
5.6 0 ")"
8.75 0 "·"
END
$notes << END
0.8 2.05 "T × F"
3.2 2.8 "F × S"
8.9 2.05 "S × c"
12.1 2.05 "T × c"
6.7 5.1 "first all pairs, then the values: T S F + T S c products of numbers"
6.7 -1.5 "first the sums over all keys, then the queries: (T + S) F c products"
END
@end_drawing

# ---- drawing-features ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-features.svg"
@begin_drawing
set xrange [-0.5:14.2]
set yrange [-0.9:4.4]
$boxes << END
0.2 3.2 0.35 0.35 0xdcecf7 "x"
0.2 0.3 0.35 0.35 0xfde9c8 "y"
2 1.75 0.7 0.55 0xeeeeee "W"
4.2 3.2 0.75 0.35 0xeeeeee "w_1·x"
5.7 3.2 0.75 0.35 0xeeeeee "w_2·x"
7.2 3.2 0.75 0.35 0xeeeeee "w_3·x"
4.2 0.3 0.75 0.35 0xeeeeee "w_1·y"
5.7 0.3 0.75 0.35 0xeeeeee "w_2·y"
7.2 0.3 0.75 0.35 0xeeeeee "w_3·y"
10.1 3.2 0.6 0.35 0xdcecf7 "φ_1(x)"
11.3 3.2 0.6 0.35 0xdcecf7 "φ_2(x)"
12.5 3.2 0.6 0.35 0xdcecf7 "φ_3(x)"
10.1 0.3 0.6 0.35 0xfde9c8 "φ_1(y)"
11.3 0.3 0.6 0.35 0xfde9c8 "φ_2(y)"
12.5 0.3 0.6 0.35 0xfde9c8 "φ_3(y)"
END
$rounds << END
10.1 1.75 "×"
11.3 1.75 "×"
12.5 1.75 "×"
END
$lines << END
0.55 3.2 2 3.2
0.55 0.3 2 0.3
END
$arrows << END
2 3.2 2 2.3
2 0.3 2 1.2
2.7 2 3.45 3
2.7 1.5 3.45 0.5
7.95 3.2 9.5 3.2
7.95 0.3 9.5 0.3
10.1 2.85 10.1 1.93
11.3 2.85 11.3 1.93
12.5 2.85 12.5 1.93
10.1 0.65 10.1 1.57
11.3 0.65 11.3 1.57
12.5 0.65 12.5 1.57
END
$words << END
10.7 1.75 "+"
11.9 1.75 "+"
13.45 1.75 "≈ e^{x·y}"
END
$notes << END
8.7 3.75 "exp(· − |x|²/2) / √m"
8.7 -0.25 "exp(· − |y|²/2) / √m"
5.7 1.75 "m random numbers of each vector, the same W for all"
11.3 4.05 "features of a query"
11.3 -0.55 "features of a key"
END
@end_drawing

# ---- lemma ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,430
set output data."lemma.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.13,0.91 spacing 0.11,0
file = data."lemma.tsv"
set xrange [6:700]
set yrange [5e-5:0.5]
set logscale x 2
set logscale y
set format y "10^{%L}"
set xlabel "rows m of W"
set ylabel "mean square error of one kernel" offset 1
set xtics (8,16,32,64,128,256,512)
set title "short pair: formulas (lines), 4000 draws (points)" font ",13"
set key top right spacing 1.05
plot for [i=1:3] file using 2:(of(word("positive hyperbolic trigonometric", i), 5)) with lines lc rgb word(blue." ".green." ".red, i) lw 2 notitle, \
     for [i=1:3] file using 2:(of(word("positive_orthogonal hyperbolic_orthogonal trigonometric_orthogonal", i), 5)) with lines lc rgb word(blue." ".green." ".red, i) lw 1.5 dt 2 notitle, \
     for [i=1:3] file using 2:(of(word("positive hyperbolic trigonometric", i), 3)):4 with yerrorbars lc rgb word(blue." ".green." ".red, i) lw 2 pt 7 ps 0.5 title word("positive hyperbolic trigonometric", i), \
     for [i=1:3] file using 2:(of(word("positive_orthogonal hyperbolic_orthogonal trigonometric_orthogonal", i), 3)):4 with yerrorbars lc rgb word(blue." ".green." ".red, i) lw 1.5 pt 6 ps 0.6 title (i == 1 ? "the same, orthogonal rows" : "")
unset logscale x
file = data."lemma-angle.tsv"
set xlabel "angle between x and y (degrees)"
set ylabel "root mean square error / kernel" offset 1
set xrange [0:180]
set xtics 0,45,180
set yrange [1e-2:1e2]
set title "|x| = |y| = 1.5, m = 64: formulas" font ",13"
set label 1 "positive" at 22,18 left textcolor rgb blue
set label 2 "hyperbolic" at 50,0.9 right textcolor rgb green_ink
set label 3 "trigonometric" at 112,11 right textcolor rgb red_ink
plot file using 1:"positive" with lines lc rgb blue lw 2 notitle, \
     file using 1:"hyperbolic" with lines lc rgb green lw 2 notitle, \
     file using 1:"trigonometric" with lines lc rgb red lw 2 notitle
unset multiplot

# ---- features ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,430
set output data."features.svg"
file = data."features.tsv"
set logscale y
set logscale x 2
set xlabel "features F"
set ylabel "mean square error of the answers" offset 1
set xrange [28:4300]
set xtics (32,64,128,256,512,1024)
set yrange [2e-6:1e-3]
set format y "10^{%L}"
set label 1 "trigonometric, iid" at 1080,9.4e-6 left textcolor rgb red_ink
set label 2 "trigonometric, orthogonal" at 1080,3.7e-6 left textcolor rgb orange_ink
set label 3 "positive, iid" at 1080,2.2e-5 left textcolor rgb blue
set label 4 "positive, orthogonal" at 1080,1.6e-5 left textcolor rgb sky_ink
set label 5 "hyperbolic, orthogonal" at 1080,1.24e-5 left textcolor rgb green_ink
set label 6 "rows shortened (a bug)" at 1080,2.1e-4 left textcolor rgb grey
set label 7 "averaging the values" at 1080,1.25e-4 left textcolor rgb black
unset key
plot file using 2:(of("averaging", 3)) with lines lc rgb black lw 1 dt 3 notitle, \
     file using 2:(of("trig_iid", 3)):4:5 with yerrorlines lc rgb red lw 2 pt 7 ps 0.4 notitle, \
     file using 2:(of("trig_orthogonal", 3)):4:5 with yerrorlines lc rgb orange lw 2 pt 7 ps 0.4 notitle, \
     file using 2:(of("positive_iid", 3)):4:5 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.4 notitle, \
     file using 2:(of("positive_orthogonal", 3)):4:5 with yerrorlines lc rgb sky lw 2 pt 7 ps 0.4 notitle, \
     file using 2:(of("hyperbolic_orthogonal", 3)):4:5 with yerrorlines lc rgb green lw 2 pt 7 ps 0.4 notitle, \
     file using 2:(of("shortened", 3)):4:5 with yerrorlines lc rgb grey lw 2 dt 2 pt 7 ps 0.4 notitle

# ---- positive-against-trig ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."positive-against-trig.svg"
file = data."positive-against-trig.tsv"
set logscale y
set logscale x 2
set xlabel "features F"
set ylabel "mean square error of the answers" offset 1
set xrange [28:10000]
set xtics (32,128,512,2048,8192)
set yrange [1e-3:2e3]
set format y "10^{%L}"
set label 1 "trigonometric" at 600,8 left textcolor rgb red_ink
set label 2 "positive" at 40,0.022 left textcolor rgb blue
set label 3 "averaging the values" at 40,0.0022 left textcolor rgb black
unset key
plot file using 2:(of("averaging", 3)) with lines lc rgb black lw 1 dt 3 notitle, \
     file using 2:(of("trigonometric", 3)):4:5 with yerrorlines lc rgb red lw 2 pt 7 ps 0.5 notitle, \
     file using 2:(of("positive", 3)):4:5 with yerrorlines lc rgb blue lw 2 pt 7 ps 0.5 notitle

# ---- against-nothing ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,430
set output data."against-nothing.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.13,0.91 spacing 0.09,0
file = data."against-nothing.tsv"
set logscale xy
set xlabel "features F"
set xrange [50:5200]
set xtics (64,256,1024,4096)
set format y "%g"
ratio(std, features) = $1 == std && strcol(2) eq features ? $4 : NaN
names = "positive hyperbolic trigonometric"
array colours[3] = [blue, green, red]
do for [panel = 1:2] {
    std = panel == 1 ? 0.5 : 1
    if (panel == 1) {
        set ylabel "error / error of averaging the values" offset 1
        set yrange [0.005:8]
        set title "short vectors, std 0.5" font ",13"
        set key bottom left
    } else {
        unset ylabel
        set yrange [0.4:5e4]
        set title "twice as long, std 1 (mind the other scale)" font ",13"
        unset key
    }
    set label 1 "as good as not looking" at 4900,(panel == 1 ? 1.3 : 0.68) right
    plot 1 with lines lc rgb black lw 1 dt 3 notitle, \
         for [i=1:3] file using 3:(ratio(std, word(names, i))):5:6 with yerrorlines lc rgb colours[i] lw 2 pt 7 ps 0.5 title word(names, i)
}
unset multiplot

# ---- kernel ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."kernel.svg"
set terminal @svg size 860,290
set multiplot layout 1,4 margins 0.06,0.915,0.2,0.87 spacing 0.025,0
file = data."kernel.tsv" # 40 x 40 rows for each of the matrices, which are
matrices = "softmax m=16 m=64 m=256"
set palette defined (0 "#ffffff", 0.1 "#cfe3f1", 0.3 "#7fb2d6", 0.6 "#2b6ca3", 1 "#08305c")
set cbrange [0:0.3]
set xrange [-0.5:39.5]
set yrange [39.5:-0.5]
set xtics 0,10,30
set ytics 0,10,30
set xlabel "key"
unset grid
unset colorbox
do for [i = 1:4] {
    if (i == 1) { set ylabel "query" offset 1 } else { unset ylabel; set format y "" }
    if (i == 4) { set colorbox user origin 0.93,0.2 size 0.015,0.67; set cbtics 0.1 }
    set title word(matrices, i) noenhanced font ",13"
    plot file every ::(1600 * (i - 1))::(1600 * i - 1) using 3:2:4 with image pixels notitle
}
unset multiplot

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cost.svg"
set multiplot layout 1,2 margins 0.09,0.985,0.14,0.9 spacing 0.1,0
file = data."cost.tsv"
set logscale xy
set xlabel "length L of the sequence"
set ylabel "operations" offset 1
set xrange [28:2400]
set xtics (32,64,128,256,512,1024,2048)
set yrange [1e5:3e9]
set format y "10^{%L}"
set title "of the products" font ",13"
set key top left
plot file using 1:2 with linespoints lc rgb grey lw 2 pt 7 ps 0.4 title "softmax: 4 L^2 d h", \
     file using 1:3 with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "FAVOR+: 4 L m (2 d + 1) h"
file = data."cost.timing.tsv"
set ylabel "milliseconds" offset 1
set yrange [0.005:300]
set title "measured on one core, forward" font ",13"
plot file using 1:2 with linespoints lc rgb grey lw 2 pt 7 ps 0.4 title "softmax", \
     file using 1:3 with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "FAVOR+, m = 64"
unset multiplot

# ---- training ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."training.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.1,0
file = data."training.tsv"
forms = "redrawn fixed softmax"
array colours[3] = [orange, blue, grey]
set xlabel "training step"
set ylabel "cross-entropy of a symbol (nats)" offset 1
set xrange [0:600]
set yrange [1e-4:5]
set logscale y
set format y "10^{%L}"
set title "loss" font ",13"
set key bottom left
set label 1 "chance, ln 10" at 590,3.1 right
plot log(10) with lines lc rgb black lw 1 dt 3 notitle, \
     for [i=1:3] for [seed=0:4] file using 1:(column(sprintf("%s_%d", word(forms, i), seed))) with lines lc rgb colours[i] lw 1.5 title (seed ? "" : word(forms, i))
unset logscale y
set format y "%g"
file = data."training-tests.tsv"
set yrange [0:1.03]
unset ylabel
unset key
set label 1 "chance, 1/10" at 590,0.13 right
set title "part of the symbols that is right" font ",13"
plot 0.1 with lines lc rgb black lw 1 dt 3 notitle, \
     for [i=1:3] for [seed=0:4] file using 1:(column(sprintf("%s_%d", word(forms, i), seed))) with linespoints lc rgb colours[i] lw 1.5 pt 7 ps 0.4 notitle
unset multiplot
