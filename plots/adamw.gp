# The figures of chapter adamw, from the tables in the folder `data`. Each is a block of its own.

# Whether the row at work is of this curve, which its first column names.
in(p) = strcol(1) eq p

# ---- drawing-step ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-step.svg"
@begin_drawing
set xrange [-0.9:15.5]
set yrange [-1.6:4.7]
$boxes << END
0.3 1.5 0.75 0.45 0xeeeeee "gradient g"
3.4 2.5 1.25 0.45 0xdcecf7 "m: mean of g"
3.4 0.5 1.25 0.45 0xdcecf7 "v: mean of g^2"
7.2 2.5 1.35 0.45 0xfde9c8 "÷ (1 − β_1^t)"
7.2 0.5 1.35 0.45 0xfde9c8 "÷ (1 − β_2^t)"
10.2 0.5 0.6 0.45 0xfde9c8 "√, + ε"
11.75 2.5 0.45 0.45 0xfde9c8 "× η"
14.5 1.5 0.75 0.45 0xd9f0e6 "weight w"
END
$rounds << END
10.2 2.5 "÷"
13 1.5 "−"
END
$dots << END
1.5 1.5
END
$lines << END
1.05 1.5 1.5 1.5
12.2 2.5 13 2.5
14.5 1.95 14.5 4
14.5 1.05 14.5 -1
END
$arrows << END
1.5 1.5 2.15 2.3
1.5 1.5 2.15 0.7
4.65 2.5 5.85 2.5
4.65 0.5 5.85 0.5
8.55 2.5 10.04 2.5
8.55 0.5 9.6 0.5
10.2 0.95 10.2 2.34
10.36 2.5 11.3 2.5
13 2.5 13 1.66
13.16 1.5 13.75 1.5
13 -1 13 1.34
0.3 4 0.3 1.95
END
set print $lines append
print "14.5 -1 13 -1"
print "14.5 4 0.3 4"
set print
$words << END
7 4.3 "L2: λ w is added to the gradient, and goes through m and v"
11.7 -1.35 "decoupled: η λ w is taken from the weight"
END
$notes << END
5.25 2.85 "m"
5.25 0.15 "v"
9.3 2.85 "m̂"
9.05 0.15 "v̂"
13.35 2.75 "the step"
END
@end_drawing

# ---- step-bound ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,360
set output data."step-bound.svg"
file = data."step-bound.tsv"
law = data."step-bound-laws.tsv"
set multiplot layout 1,2 margins 0.07,0.97,0.17,0.92 spacing 0.1,0
set logscale x
set xrange [0.0005:4]
set yrange [0:8]
set xtics ("1.001" 0.001, "1.01" 0.01, "1.1" 0.1, "2" 1, "4" 3)
set xlabel "growth of the gradient in a step, ρ"
set ylabel "step, in rates" offset 1
set label 1 "β_2 = 0.999" at 0.012,5.2 right textcolor rgb blue
set label 2 "0.99" at 0.03,2.35 right textcolor rgb red_ink
set label 3 "0.95" at 0.0007,0.6 left textcolor rgb green_ink
set label 4 "one gradient after zeros: 3.16" at 0.0006,3.5 textcolor rgb grey font ",11"
set arrow 1 from 0.0005,3.1623 to 4,3.1623 nohead lc rgb grey lw 1 dt 3
plot law using ($1-1):2 with lines lc rgb blue lw 1.6 notitle, law using ($1-1):3 with lines lc rgb red lw 1.6 notitle, \
     law using ($1-1):4 with lines lc rgb green lw 1.6 notitle, \
     file using (in("0.999") ? $2-1 : NaN):3 with points pt 7 ps 0.6 lc rgb blue notitle, \
     file using (in("0.99") ? $2-1 : NaN):3 with points pt 7 ps 0.6 lc rgb red notitle, \
     file using (in("0.95") ? $2-1 : NaN):3 with points pt 7 ps 0.6 lc rgb green notitle
unset logscale
unset label
unset arrow
set xrange [0:60]
set xtics autofreq
set xlabel "steps since a constant gradient began to grow by 11 %"
unset ylabel
set label 1 "β_2 = 0.999" at 27,7.4 right textcolor rgb blue
set label 2 "0.99" at 40,2.65 left textcolor rgb red_ink
set label 3 "0.95" at 40,1.45 left textcolor rgb green_ink
file = data."step-bound-diverging.tsv"
plot file using 1:2 with lines lc rgb blue lw 2 notitle, file using 1:3 with lines lc rgb red lw 2 notitle, \
     file using 1:4 with lines lc rgb green lw 2 notitle
unset multiplot

# ---- bias ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,320
set output data."bias.svg"
file = data."bias.tsv"
set logscale x
set xrange [0.9:10000]
set yrange [0:7.2]
set xlabel "step t"
set ylabel "step without the correction, in rates" offset 1
set label 1 "β_2 = 0.999" at 60,5 left textcolor rgb blue
set label 2 "0.99" at 25,2.5 left textcolor rgb red_ink
set label 3 "0.95" at 1.2,0.25 left textcolor rgb green_ink
set label 4 "with the correction: 1" at 9000,0.7 right textcolor rgb grey font ",11"
set arrow 1 from 0.9,1 to 10000,1 nohead lc rgb grey lw 1 dt 3
plot file using 1:5 with lines lc rgb blue lw 1.6 notitle, file using 1:2 with points pt 7 ps 0.35 lc rgb blue notitle, \
     file using 1:3 with lines lc rgb red lw 2 notitle, file using 1:4 with lines lc rgb green lw 2 notitle

# ---- decay ----
reset
load 'plots/style.gp'
set datafile columnheaders
set pointintervalbox 0.01
set terminal @svg size 860,380
set output data."decay.svg"
file = data."decay.tsv"
set xrange [0:10000]
set yrange [-0.15:5.2]
set xlabel "step"
set ylabel "mean of 4000 weights" offset 1
set rmargin 18
name = "0.01 0.1 1 10"
size_of(k) = real(word(name, k))
colour(k) = word(purple." ".orange." ".red." ".black, k)
row(r, k) = in(r) && abs($2 / size_of(k) - 1) < 0.01
set label 1 "L2, noise of 10" at 10100,4.55 textcolor rgb black
set label 2 "L2, noise of 1" at 10100,2.2 textcolor rgb red_ink
set label 3 "decoupled, all four" at 10100,1.75 textcolor rgb blue
set label 4 "L2, noise of 0.1" at 10100,0.2 textcolor rgb orange_ink
set label 5 "L2, noise of 0.01" at 10100,-0.08 textcolor rgb purple_ink
plot for [k=1:4] file using (in("L2") && abs($2 / size_of(k) - 1) < 0.01 ? $3 : NaN):6 with lines lc rgb colour(k) lw 1.2 notitle, \
     for [k=1:4] file using (in("L2") && int($3) % 600 == 0 && abs($2 / size_of(k) - 1) < 0.01 ? $3 : NaN):4:(3*$5) with yerrorbars pt 7 ps 0.4 lc rgb colour(k) notitle, \
     file using (in("decoupled") && $2 == 1 ? $3 : NaN):6 with lines lc rgb blue lw 1.6 notitle, \
     for [k=1:4] file using (in("decoupled") && int($3) % 600 == 0 && abs($2 / size_of(k) - 1) < 0.01 ? $3 : NaN):4:(3*$5) with yerrorbars pt 6 ps 0.6 lc rgb blue notitle

# ---- fixed-point ----
reset
load 'plots/style.gp'
set datafile columnheaders
set pointintervalbox 0.01
set terminal @svg size 860,370
set output data."fixed-point.svg"
file = data."fixed-point.tsv"
law = data."fixed-point-law.tsv"
set multiplot layout 1,2 margins 0.07,0.97,0.17,0.95 spacing 0.12,0
set logscale x
set xrange [0.01:20]
set yrange [0:2.1]
set format x "%g"
set xlabel "noise of the gradient, σ"
set ylabel "where w ends" offset 1
set label 1 "Adam with L2" at 2,1.55 textcolor rgb red_ink
set label 2 "AdamW" at 0.012,1.83 textcolor rgb blue
plot law using 1:2 with lines lc rgb blue lw 1.6 notitle, law using 1:3 with lines lc rgb red lw 1.6 notitle, \
     file using 1:2:(3*$3) with yerrorbars pt 7 ps 0.6 lc rgb blue notitle, file using 1:5:(3*$6) with yerrorbars pt 7 ps 0.6 lc rgb red notitle
unset logscale
unset label
set logscale y
set xrange [0:60000]
set xtics 20000
set yrange [1e-6:3]
set format y "10^{%L}"
set xlabel "step, without noise"
set ylabel "target − w" offset 1
set label 1 "decay 0.4" at 30000,0.02 textcolor rgb blue
set label 2 "decay 0.2" at 2000,0.0003 left textcolor rgb red_ink
file = data."fixed-point-slow.tsv"
# The laws, from the distance at one step on.
distance(step, column) = real(system(sprintf("awk -F'\t' '$1 == %d { print $%d }' %sfixed-point-slow.tsv", step, column, data)))
slow_from = distance(6500, 2); fast_from = distance(9500, 3)
slow(t) = slow_from * exp(-1.8e-4 * (t - 6500))
fast(t) = fast_from * exp(-4.2e-4 * (t - 9500))
set label 3 "η h / √v = 38: it swings" at 1000,1.5e-5 left textcolor rgb grey font ",11"
plot file using 1:2 with lines lc rgb blue lw 2 notitle, file using 1:($3 > 0 ? $3 : NaN) with lines lc rgb red lw 2 notitle, \
     [5000:60000] slow(x) with lines lc rgb black lw 1 dt 3 notitle, [5000:26000] fast(x) with lines lc rgb black lw 1 dt 3 notitle
unset multiplot

# ---- rate-and-decay ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,360
set output data."rate-and-decay.svg"
file = data."rate-and-decay.tsv"
best = data."rate-and-decay-best.tsv"
set multiplot layout 1,3 margins 0.07,0.91,0.16,0.9 spacing 0.045,0
set palette defined (0 "#fdf6e3", 0.4 "#e69f00", 1 "#5a3a00")
set cbrange [1.4:5]
set xrange [-2.75:-0.25]
set yrange [-2.125:1.125]
set xlabel "log_{10} rate"
set ylabel "log_{10} decay" offset 1
unset colorbox
unset grid
set title "Adam with L2"
plot file using (in("L2") ? $2 : NaN):3:(0.25):(0.125):4 with boxxyerror fs solid 1 noborder lc palette notitle, \
     best using (in("L2") ? $2 : NaN):3 with linespoints pt 7 ps 0.6 lc rgb black lw 1.4 notitle
unset ylabel
set format y ""
set title "AdamW, PyTorch's decay"
plot file using (in("decoupled") ? $2 : NaN):3:(0.25):(0.125):4 with boxxyerror fs solid 1 noborder lc palette notitle, \
     best using (in("decoupled") ? $2 : NaN):3 with linespoints pt 7 ps 0.6 lc rgb black lw 1.4 notitle
set title "the same runs, the paper's decay"
set yrange [-4.625:0.625]
set format y "%g"
set colorbox
set cblabel "excess risk" offset 0.5
plot file using (in("decoupled") ? $2 : NaN):($3 + $2):(0.25):(0.125):4 with boxxyerror fs solid 1 noborder lc palette notitle, \
     best using (in("decoupled") ? $2 : NaN):($3 + $2) with linespoints pt 7 ps 0.6 lc rgb black lw 1.4 notitle
unset multiplot

# ---- equilibrium ----
reset
load 'plots/style.gp'
set datafile columnheaders
set pointintervalbox 0.01
set terminal @svg size 860,360
set output data."equilibrium.svg"
file = data."equilibrium-way.tsv"
set multiplot layout 1,2 margins 0.07,0.97,0.17,0.9 spacing 0.1,0
set xlabel "step"
set ylabel "|w|" offset 1
set title "SGD, from |w| = 12"
set xrange [0:1000]
set yrange [0:14]
set label 1 "momentum 0.9" at 620,11.8 textcolor rgb orange_ink
set label 2 "none" at 620,8.4 textcolor rgb blue
plot file using (in("SGD") ? $2 : NaN):3:(3*$4) with yerrorbars pt 7 ps 0.4 lc rgb blue notitle, \
     file using (in("SGD") ? $2 : NaN):5 with lines lc rgb black lw 1 notitle, \
     file using (in("momentum") ? $2 : NaN):3:(3*$4) with yerrorbars pt 7 ps 0.4 lc rgb orange notitle
unset label
unset ylabel
set title "AdamW, η = 0.001"
set xrange [0:4000]
set yrange [0:0.6]
set label 1 "decay 0.5, β_2 = 0.99" at 3950,0.54 right textcolor rgb green_ink
set label 2 "decay 0.5, β_2 = 0.999" at 3950,0.395 right textcolor rgb blue
set label 3 "decay 1, β_2 = 0.999" at 3950,0.28 right textcolor rgb red_ink
plot file using (in("AdamW, half, beta2 .99") ? $2 : NaN):5 with lines lc rgb black lw 1 notitle, \
     file using (in("AdamW") ? $2 : NaN):5 with lines lc rgb black lw 1 notitle, \
     file using (in("AdamW, half, beta2 .99") ? $2 : NaN):3:(3*$4) with yerrorbars pt 7 ps 0.4 lc rgb green notitle, \
     file using (in("AdamW, half the decay") ? $2 : NaN):3:(3*$4) with yerrorbars pt 7 ps 0.4 lc rgb blue notitle, \
     file using (in("AdamW") ? $2 : NaN):3:(3*$4) with yerrorbars pt 7 ps 0.4 lc rgb red notitle
unset multiplot

# ---- wrong-way ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,360
set output data."wrong-way.svg"
file = data."wrong-way.tsv"
set multiplot layout 1,2 margins 0.075,0.97,0.17,0.95 spacing 0.1,0
set xlabel "N: one gradient of N, then N − 1 of −1"
set ylabel "moved in a cycle, in rates" offset 1
set xrange [0:120]
set yrange [-1:3.6]
set label 1 "β_1 = 0" at 85,2.3 right textcolor rgb blue
set label 2 "β_1 = 0.9" at 97,1.3 left textcolor rgb red_ink
set label 3 "AMSGrad" at 95,-0.35 textcolor rgb green_ink
set label 4 "above 0: against the mean" at 3,3.3 textcolor rgb grey font ",11"
set arrow 1 from 0,0 to 120,0 nohead lc rgb grey lw 1 dt 3
plot file using 1:2 with lines lc rgb blue lw 1.6 notitle, file using 1:3 with lines lc rgb red lw 1.6 notitle, \
     file using 1:7 with lines lc rgb black lw 1 dt 3 notitle, \
     file using 1:4 with lines lc rgb green lw 1.6 notitle, file using 1:5 with points pt 7 ps 0.6 lc rgb blue notitle, \
     file using 1:6 with points pt 7 ps 0.6 lc rgb red notitle
unset label
unset arrow
file = data."wrong-way-path.tsv"
set logscale x
set xrange [1:30000]
set yrange [-1.1:1.1]
set xlabel "step t, rate 0.1 / √t"
set ylabel "w" offset 1
set label 1 "Adam" at 30,0.5 right textcolor rgb blue
set label 2 "AMSGrad" at 60,-0.3 right textcolor rgb green_ink
set label 3 "the best w is −1" at 1.3,-0.93 textcolor rgb grey font ",11"
plot file using 1:2 with lines lc rgb blue lw 2 notitle, file using 1:3 with lines lc rgb green lw 2 notitle
unset multiplot

# ---- spike ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,320
set output data."spike.svg"
file = data."spike.tsv"
set logscale x
set xrange [0.9:3000]
set yrange [0:3.6]
set xlabel "step since the large gradient S (1 is its own)"
set ylabel "step, in rates" offset 1
set label 1 "S = 30" at 60,0.86 left textcolor rgb green_ink
set label 2 "S = 100" at 60,0.5 left textcolor rgb red_ink
set label 3 "S = 1000" at 60,0.2 left textcolor rgb blue
set label 4 "S = 1000, clipped to 10" at 14,1.3 left textcolor rgb grey
plot file using ($1 >= 0 ? $1 + 1 : NaN):2 with lines lc rgb green lw 2 notitle, file using ($1 >= 0 ? $1 + 1 : NaN):3 with lines lc rgb red lw 2 notitle, \
     file using ($1 >= 0 ? $1 + 1 : NaN):4 with lines lc rgb blue lw 2 notitle, file using ($1 >= 0 ? $1 + 1 : NaN):5 with lines lc rgb grey lw 1.4 notitle

# ---- batch ----
reset
load 'plots/style.gp'
set datafile columnheaders
set terminal @svg size 860,360
set output data."batch.svg"
file = data."batch.tsv"
set multiplot layout 1,2 margins 0.08,0.97,0.17,0.95 spacing 0.11,0
set logscale xy
set format "%g"
set xrange [0.8:320]
set yrange [0.004:2]
set xlabel "batch B"
set ylabel "best rate" offset 1
set label 1 "SGD" at 3,0.045 right textcolor rgb blue
set label 2 "Adam" at 20,0.022 left textcolor rgb red_ink
set label 3 "∝ B" at 1.6,0.024 right textcolor rgb grey font ",11"
set label 4 "∝ √B" at 50,0.04 left textcolor rgb grey font ",11"
plot 0.0087*x with lines lc rgb grey lw 1 dt 3 notitle, 0.0082*sqrt(x) with lines lc rgb grey lw 1 dt 3 notitle, \
     file using ($1 <= 256 ? $1 : NaN):2 with linespoints pt 7 ps 0.6 lc rgb blue lw 1.6 notitle, file using 1:5 with linespoints pt 7 ps 0.6 lc rgb red lw 1.6 notitle
unset label
set yrange [5:4000]
set ylabel "fewest steps" offset 1
set label 1 "SGD, on 6.56 (1 + 319 / B)" at 6,700 left textcolor rgb blue
set label 2 "Adam" at 9,120 right textcolor rgb red_ink
plot 6.56*(1+319/x) with lines lc rgb black lw 1 notitle, file using ($1 <= 256 ? $1 : NaN):3 with points pt 7 ps 0.6 lc rgb blue notitle, \
     file using 1:6 with linespoints pt 7 ps 0.6 lc rgb red lw 1.6 notitle
unset multiplot
