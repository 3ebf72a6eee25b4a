# The figures of chapter activations, from the tables in the folder `data`.
# Each is a block of its own that begins anew.

# ---- drawing-unit ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-unit.svg"
@begin_drawing
set xrange [-0.6:13]
set yrange [-0.4:4.7]
$boxes << END
0.3 3.2 0.4 0.33 0xeeeeee "x_1"
0.3 2 0.4 0.33 0xeeeeee "x_2"
0.3 0.8 0.4 0.33 0xf7dede "1"
4.1 2 0.45 0.33 0xfde9c8 "f"
7.2 2 0.4 0.33 0xeeeeee "x"
10.2 3 0.45 0.33 0xfde9c8 "f"
END
$rounds << END
2.5 2 "+"
11.4 2 "×"
9 3 "+"
9 1 "+"
END
$arrows << END
0.7 3.2 2.38 2.12
0.7 2 2.34 2
0.7 0.8 2.38 1.88
2.66 2 3.65 2
4.55 2 5.5 2
7.6 2.1 8.87 2.92
7.6 1.9 8.87 1.08
9.16 3 9.75 3
10.65 3 11.3 2.13
9.16 1 11.3 1.87
11.56 2 12.4 2
END
$words << END
1.6 2.95 "w_1"
1.6 2.2 "w_2"
1.6 1.05 "b"
3.15 2.25 "a"
5.75 2 "h"
8.05 2.75 "w, b"
8.05 1.2 "v, c"
9.45 3.25 "g"
9.45 0.72 "u"
12.65 2 "y"
END
$notes << END
2.6 4.4 "a unit: sum, bias, bend"
9.9 4.4 "a gated unit: two sums, one bent, multiplied"
0.3 0.15 "a bias is the weight of 1"
9.9 0.15 "g opens or shuts what u brings"
END
@end_drawing

# ---- drawing-layers ----
reset
load 'plots/style.gp'
set terminal @svg size 860,260
set output data."drawing-layers.svg"
@begin_drawing
set xrange [-0.6:13]
set yrange [-0.2:3.7]
$boxes << END
0.4 2 0.5 0.4 0xeeeeee "x"
2.6 2 0.5 0.4 0xfde9c8 "W"
4.6 2 0.45 0.4 0xdcecf7 "f"
6.8 2 0.5 0.4 0xfde9c8 "W"
8.8 2 0.45 0.4 0xdcecf7 "f"
11 2 0.5 0.4 0xfde9c8 "W"
END
$arrows << END
0.9 2.1 2.1 2.1
3.1 2.1 4.15 2.1
5.05 2.1 6.3 2.1
7.3 2.1 8.35 2.1
9.25 2.1 10.5 2.1
11.5 2.1 12.5 2.1
6.3 1.85 5.05 1.85
10.5 1.85 9.25 1.85
12.5 1.85 11.5 1.85
8.35 1.85 7.3 1.85
4.15 1.85 3.1 1.85
END
$words << END
3.62 2.4 "a"
7.82 2.4 "a"
12 2.4 "a"
5.65 2.4 "h"
9.85 2.4 "h"
7.82 1.55 "da"
3.62 1.55 "da"
12 1.55 "da"
END
$notes << END
3.62 3.25 "mean square q"
7.82 3.25 "V(q)"
12 3.25 "V(V(q))"
7.82 0.6 "mean square of da: × χ for each layer, from right to left"
END
@end_drawing

# ---- functions ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,640
set output data."functions.svg"
set multiplot layout 2,2 margins 0.06,0.985,0.06,0.94 spacing 0.09,0.12
file = data."functions.tsv"
slope = data."functions-slopes.tsv"
set xrange [-4:4]
set yrange [-1.9:3]
set key top left height 0.3
set title "the old ones, and those with a kink" font ",13"
plot file using ($1/50):"sigmoid" with lines lc rgb green title "sigmoid", \
     file using ($1/50):"tanh" with lines lc rgb purple title "tanh", \
     file using ($1/50):"relu" with lines lc rgb black title "ReLU", \
     file using ($1/50):"elu" with lines lc rgb orange title "ELU", \
     file using ($1/50):"selu" with lines lc rgb red title "SELU"
set title "their slopes" font ",13"
set yrange [-0.2:1.9]
plot slope using ($1/50):"sigmoid" with lines lc rgb green notitle, \
     slope using ($1/50):"tanh" with lines lc rgb purple notitle, \
     slope using ($1/50):"relu" with lines lc rgb black notitle, \
     slope using ($1/50):"elu" with lines lc rgb orange notitle, \
     slope using ($1/50):"selu" with lines lc rgb red notitle
set yrange [-0.6:3]
set title "x F(x), and softplus" font ",13"
plot file using ($1/50):"softplus" with lines lc rgb sky title "softplus", \
     file using ($1/50):"relu" with lines lc rgb black lw 1 dt 3 title "ReLU", \
     file using ($1/50):"silu" with lines lc rgb blue title "SiLU", \
     file using ($1/50):"gelu" with lines lc rgb red title "GELU", \
     file using ($1/50):"mish" with lines lc rgb green title "Mish"
set title "their slopes, which go above 1" font ",13"
set yrange [-0.2:1.3]
plot slope using ($1/50):"softplus" with lines lc rgb sky notitle, \
     slope using ($1/50):"silu" with lines lc rgb blue notitle, \
     slope using ($1/50):"gelu" with lines lc rgb red notitle, \
     slope using ($1/50):"mish" with lines lc rgb green notitle
unset multiplot

# ---- variance-map ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,430
set output data."variance-map.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.13,0.91 spacing 0.11,0
file = data."variance-map.tsv"
set logscale xy
set format x "10^{%L}"
set xlabel "mean square q of the pre-activations"
set ylabel "V(q) / q: the factor of one layer" offset 1
set xrange [1e-3:1e3]
set yrange [0.2:4]
set ytics (0.25, 0.5, 1, 2, 4)
unset key
set title "gain such that 1 is kept" font ",13"
set label 1 "tanh" at 2e-3,2.85 textcolor rgb purple_ink
set label 2 "SELU" at 2e-3,1.8 textcolor rgb orange_ink
set label 3 "ReLU" at 2e-3,1.08 textcolor rgb black
set label 4 "Mish" at 2e-3,0.86 textcolor rgb green_ink
set label 5 "SiLU" at 2e-3,0.655 textcolor rgb blue
set label 6 "GELU" at 2e-3,0.54 textcolor rgb red_ink
set label 7 "SwiGLU" at 4,3.4 textcolor rgb sky_ink
plot 1 with lines lc rgb "#888888" lw 1 dt 3 notitle, \
     file using "q":"tanh" with lines lc rgb purple, \
     file using "q":"selu" with lines lc rgb orange, \
     file using "q":"relu" with lines lc rgb black, \
     file using "q":"mish" with lines lc rgb green, \
     file using "q":"gelu" with lines lc rgb red, \
     file using "q":"silu" with lines lc rgb blue, \
     file using "q":"swiglu" with lines lc rgb sky dt 2
unset label
file = data."variance-map-depth.tsv"
unset logscale x
set format x "%g"
set xlabel "layer"
set ylabel "mean square q" offset 1
set xrange [0:30]
set yrange [1e-8:1e3]
set ytics auto
set format y "10^{%L}"
set title "layer by layer: map, and nets of width 100 (dots)" font ",13"
set label 1 "GELU, from 1.2" at 12,200 textcolor rgb red_ink
set label 2 "GELU, from 0.8" at 22,2e-2 textcolor rgb red_ink
set label 3 "GELU, He's gain" at 19.5,2e-7 right textcolor rgb blue
set label 4 "ReLU, default" at 5.2,3e-4 left textcolor rgb grey
set label 5 "ReLU, He's gain" at 29.5,0.13 right textcolor rgb black
set label 6 "tanh, SELU" at 2.2,5 textcolor rgb orange_ink
plot file using 1:"tanh" with lines lc rgb purple, \
     file using 1:"tanh_nets" every 3 with points pt 7 ps 0.4 lc rgb purple, \
     file using 1:"selu" with lines lc rgb orange, \
     file using 1:"selu_nets" every 3 with points pt 7 ps 0.4 lc rgb orange, \
     file using 1:"relu" with lines lc rgb black, \
     file using 1:"relu_nets" every 3 with points pt 7 ps 0.4 lc rgb black, \
     file using 1:"gelu_up" with lines lc rgb red, \
     file using 1:"gelu_up_nets" every 3 with points pt 7 ps 0.4 lc rgb red, \
     file using 1:"gelu_down" with lines lc rgb red dt 2, \
     file using 1:"gelu_down_nets" every 3 with points pt 7 ps 0.4 lc rgb red, \
     file using 1:"gelu_he" with lines lc rgb blue, \
     file using 1:"gelu_he_nets" every 3 with points pt 7 ps 0.4 lc rgb blue, \
     file using 1:"relu_default" with lines lc rgb grey, \
     file using 1:"relu_default_nets" every 3 with points pt 7 ps 0.4 lc rgb grey
unset multiplot

# ---- chaos ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."chaos.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.11,0
file = data."chaos.tsv"
set xlabel "layer"
set ylabel "correlation c of two inputs" offset 1
set xrange [0:50]
set yrange [0:1.05]
unset key
set title "tanh, biases of variance 0.05" font ",13"
set label 1 "σ_w^2 = 1" at 49,0.95 right textcolor rgb blue
set label 2 "1.76" at 49,0.8 right textcolor rgb green_ink
set label 3 "2.5" at 49,0.37 right textcolor rgb orange_ink
set label 4 "4" at 49,0.1 right textcolor rgb red_ink
plot file using 1:"order" with lines lc rgb blue, \
     file using 1:"order_nets" every 2 with points pt 7 ps 0.4 lc rgb blue, \
     file using 1:"edge" with lines lc rgb green, \
     file using 1:"edge_nets" every 2 with points pt 7 ps 0.4 lc rgb green, \
     file using 1:"chaos" with lines lc rgb orange, \
     file using 1:"chaos_nets" every 2 with points pt 7 ps 0.4 lc rgb orange, \
     file using 1:"strong_chaos" with lines lc rgb red, \
     file using 1:"strong_chaos_nets" every 2 with points pt 7 ps 0.4 lc rgb red
unset label
set title "ReLU, any two inputs" font ",13"
set logscale xy
set format y "10^{%L}"
set xrange [1:1000]
set yrange [1e-5:2]
set ylabel "1 − c" offset 1
set xrange [1:900]
set key bottom left
plot data."chaos-relu.tsv" using 1:(1-$2) with lines lc rgb black title "the map", \
     9*pi**2/2/x**2 with lines lc rgb red dt 2 title "9 π^2 / (2 l^2)"
unset multiplot

# ---- typical-net ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,360
set output data."typical-net.svg"
set xlabel "400 nets of 50 layers of 50 units, from the smallest signal to the largest (part of them)"
set ylabel "mean square of the last layer, from 1" offset 1
set logscale y
set format y "10^{%L}"
set xrange [0:1]
set yrange [1e-4:100]
set label 1 "the mean over all nets is 1" at 0.02,1.7 left textcolor rgb red_ink
set label 2 "e^{−5/2} = 0.08" at 0.02,0.12 left textcolor rgb green_ink
plot data."typical-net-sorted.tsv" using 1:2 with points pt 7 ps 0.35 lc rgb blue notitle, \
     1 with lines lc rgb red lw 1.5 notitle, exp(-2.5) with lines lc rgb green lw 1.5 dt 2 notitle

# ---- selu ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."selu.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.11,0
file = data."selu.tsv"
set xlabel "layer"
set ylabel "mean square of the pre-activations" offset 1
set xrange [0:40]
set yrange [0:2.5]
set key top right
set title "the signal comes back to 1" font ",13"
plot 1 with lines lc rgb "#888888" lw 1 dt 3 notitle, \
     file using 1:"square" with lines lc rgb blue title "the map", \
     file using 1:"nets_square" with points pt 7 ps 0.4 lc rgb blue title "40 nets of width 150, median"
set title "the gradient does not" font ",13"
set xlabel "layers back"
set ylabel "mean square of the gradient" offset 1
set logscale y
set format y "10^{%L}"
set xrange [0:100]
set yrange [0.5:2000]
set key top left
plot file using 1:"gradient" with lines lc rgb red title "χ^l, χ = 1.0716", \
     file using 1:"nets_gradient" every 2 with points pt 7 ps 0.4 lc rgb red title "the same nets, median"
unset multiplot

# ---- dead ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."dead.svg"
set multiplot layout 1,2 margins 0.085,0.985,0.14,0.9 spacing 0.11,0
file = data."dead.tsv"
runs = data."dead-runs.tsv"
set logscale x
set xrange [0.002:0.6]
set xlabel "learning rate"
set ylabel "part of the units that are dead" offset 1
set yrange [0:0.6]
unset key
set title "units that are 0 for every training point" font ",13"
plot runs using "rate":(column("dead")/64) with points pt 7 ps 0.35 lc rgb sky, file using "rate":"dead" with linespoints pt 7 ps 0.6 lc rgb blue
set ylabel "test error" offset 1
set yrange [0:1.3]
set title "error of the same nets" font ",13"
plot runs using "rate":"error" with points pt 7 ps 0.35 lc rgb orange, file using "rate":"error" with linespoints pt 7 ps 0.6 lc rgb red
unset multiplot

# ---- bias ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,270
set output data."bias.svg"
set multiplot layout 1,4 margins 0.02,0.98,0.04,0.88 spacing 0.02,0
file = data."bias-field.tsv"
set xrange [-3:3]
set yrange [-3:3]
set size square
unset tics
unset grid
set border 15
unset key
unset colorbox
set cbrange [-1:1]
set palette defined (0 "#f2b48a", 0.5 "#ffffff", 1 "#9ecae8")
sign(v) = v > 0 ? 0.8 : -0.8
circle(r) = sprintf("<awk 'BEGIN { print \"x\\ty\"; for (i = 0; i < 32; i++) print %d * cos(i / 5.0930) \"\\t\" %d * sin(i / 5.0930) }'", r, r)
set title "rings, ReLU without biases" font ",12"
plot file using 1:2:(sign($3)) with image, \
     circle(1) using 1:2 with points pt 7 ps 0.35 lc rgb blue, circle(2) using 1:2 with points pt 7 ps 0.35 lc rgb red
set title "rings, ReLU with biases" font ",12"
plot file using 1:2:(sign($4)) with image, \
     circle(1) using 1:2 with points pt 7 ps 0.35 lc rgb blue, circle(2) using 1:2 with points pt 7 ps 0.35 lc rgb red
set title "XOR, tanh without biases" font ",12"
plot file using 1:2:(sign($5)) with image, \
     "<printf 'x\ty\n1\t-1\n-1\t1\n'" using 1:2 with points pt 7 ps 0.8 lc rgb blue, \
     "<printf 'x\ty\n1\t1\n-1\t-1\n'" using 1:2 with points pt 7 ps 0.8 lc rgb red
set title "XOR, ReLU without biases" font ",12"
plot file using 1:2:(sign($6)) with image, \
     "<printf 'x\ty\n1\t-1\n-1\t1\n'" using 1:2 with points pt 7 ps 0.8 lc rgb blue, \
     "<printf 'x\ty\n1\t1\n-1\t-1\n'" using 1:2 with points pt 7 ps 0.8 lc rgb red
unset multiplot

# ---- perceptron ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 620,420
set output data."perceptron.svg"
file = data."perceptron-runs.tsv"
set logscale xy
set xlabel "Novikoff's bound (R / margin)^2"
set ylabel "mistakes" offset 1
set xrange [2:2000]
set yrange [0.8:2000]
set key top left height 0.3
plot x with lines lc rgb black lw 1 dt 3 title "the bound", \
     file using (column("d") == 20 ? column("bound") : NaN):"mistakes" with points pt 7 ps 0.5 lc rgb blue title "20 dimensions", \
     file using (column("d") == 2 ? column("bound") : NaN):"mistakes" with points pt 6 ps 0.6 lc rgb orange title "2 dimensions", \
     data."perceptron-orthonormal.tsv" using "bound":"mistakes" with points pt 9 ps 0.9 lc rgb red title "orthonormal vectors"

# ---- comparison ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."comparison.svg"
file = data."comparison.tsv"
runs = data."comparison-rates.tsv"
set multiplot layout 1,2 margins 0.03,0.985,0.14,0.9 spacing 0.11,0
set xlabel "test error, mean of ten seeds and its standard error"
set xrange [0.15:0.5]
set yrange [11.6:0.4]
set format y ""
unset key
set title "each at its best rate" font ",13"
plot file using "test":"place":"error" with xerrorbars pt 7 ps 0.6 lc rgb blue, \
     file using (column("test") > 0.3 ? 0.325 : NaN):"place":"activation" with labels right noenhanced, \
     file using (column("test") > 0.3 ? NaN : column("test") + column("error") + 0.006):"place":"activation" with labels left noenhanced
set title "and what the rate does" font ",13"
set xlabel "learning rate"
set format y "%g"
set ylabel "test error" offset 1
set logscale x
set xrange [0.008:0.13]
set xtics (0.01, 0.03, 0.1)
set yrange [0.15:0.42]
set ytics auto
set key top center maxrows 3
pick(name) = strcol("activation") eq name ? column("test") : NaN
plot for [n in "silu gelu relu tanh softplus"] runs using "rate":(pick(n)):"error" with errorlines pt 7 ps 0.5 title n
unset multiplot
