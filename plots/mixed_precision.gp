# The figures of chapter mixed_precision, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-formats ----
reset
load 'plots/style.gp'
set terminal @svg size 860,230
set output data."drawing-formats.svg"
@begin_drawing
set xrange [-2.6:32.8]
set yrange [-5.9:1.9]
bit(i, y, colour) = sprintf("%g %g 0.46 0.42 %d \" \"", i + 0.5, y, colour)
set print $boxes
do for [i = 0:31] { print bit(i, 0, i < 1 ? 0xfde9c8 : i < 9 ? 0xdcecf7 : 0xd9f0e6) }
do for [i = 0:15] { print bit(i, -1.25, i < 1 ? 0xfde9c8 : i < 9 ? 0xdcecf7 : 0xd9f0e6) }
do for [i = 0:15] { print bit(i, -2.5, i < 1 ? 0xfde9c8 : i < 6 ? 0xdcecf7 : 0xd9f0e6) }
do for [i = 0:7] { print bit(i, -3.75, i < 1 ? 0xfde9c8 : i < 6 ? 0xdcecf7 : 0xd9f0e6) }
do for [i = 0:7] { print bit(i, -5, i < 1 ? 0xfde9c8 : i < 5 ? 0xdcecf7 : 0xd9f0e6) }
set print
$words << END
-1.4 0 "float32"
-1.4 -1.25 "bf16"
-1.4 -2.5 "fp16"
-1.4 -3.75 "E5M2"
-1.4 -5 "E4M3"
END
$notes << END
26.5 1 "1 + 8 + 23 bits, bias 127"
20.5 -1.25 "1 + 8 + 7 bits, bias 127"
20.5 -2.5 "1 + 5 + 10 bits, bias 15"
12.3 -3.75 "1 + 5 + 2 bits, bias 15"
12.3 -5 "1 + 4 + 3 bits, bias 7"
END
@end_drawing

# ---- drawing-step ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-step.svg"
@begin_drawing
set xrange [-1.6:16.4]
set yrange [-1.2:5.6]
$boxes << END
0.2 0.6 1.5 0.5 0xd9f0e6 "weights w"
0.2 2.6 1.5 0.5 0xdcecf7 "copy rd(w)"
4.6 2.6 1.8 0.5 0xd9f0e6 "sums of products"
8.4 2.6 1.3 0.5 0xdcecf7 "rd, tanh, rd"
11.6 2.6 1.2 0.5 0xd9f0e6 "loss"
14.7 2.6 1.2 0.5 0xd9f0e6 "× S"
14.7 0.6 1.2 0.5 0xdcecf7 "rd(gradient)"
11.0 0.6 1.8 0.5 0xd9f0e6 "sums of products"
7.6 0.6 1.1 0.5 0xdcecf7 "rd(S g)"
5.4 0.6 0.7 0.5 0xd9f0e6 "÷ S"
3.2 0.6 0.9 0.5 0xd9f0e6 "Adam"
END
$arrows << END
0.2 1.1 0.2 2.1
1.7 2.6 2.8 2.6
6.4 2.6 7.1 2.6
9.7 2.6 10.4 2.6
12.8 2.6 13.5 2.6
14.7 2.1 14.7 1.1
13.5 0.6 12.8 0.6
9.2 0.6 8.7 0.6
6.5 0.6 6.1 0.6
4.7 0.6 4.1 0.6
2.3 0.6 1.7 0.6
4.6 4.0 4.6 3.1
END
$words << END
4.6 4.4 "inputs rd(x)"
7.2 5.2 "forward →"
9.2 -0.6 "← backward"
END
$notes << END
-0.55 1.6 "round"
8.4 3.5 "every layer"
3.2 -0.25 "only if all are finite"
END
@end_drawing

# ---- ruler ----
reset
load 'plots/style.gp'
set datafile columnheaders
set datafile missing NaN
set output data."ruler.svg"
file = data."ruler.tsv"
set logscale y 2
set xlabel "log_2 x"
set ylabel "spacing over the number" offset 0.5
set xrange [-40:24]
set yrange [2**-12:2]
set format y "2^{%L}"
set key at screen 0.98,0.93 right top maxrows 1
plot file using 1:2 with lines lc rgb blue lw 1.8 title "fp16", \
     file using 1:3 with lines lc rgb red lw 1.8 title "bf16", \
     file using 1:4 with lines lc rgb green lw 1.8 title "E4M3", \
     file using 1:5 with lines lc rgb purple lw 1.8 title "E5M2"

# ---- window ----
reset
load 'plots/style.gp'
set datafile columnheaders
set datafile missing NaN
set output data."window.svg"
file = data."window.tsv"
set logscale y
set xlabel "log_2 σ"
set ylabel "relative error (RMS)" offset 0.5
set xrange [-30:20]
set yrange [1e-4:1.5]
set format y "10^{%L}"
set key at graph 0.97,0.61 right top
plot file using 1:2 with linespoints lc rgb blue lw 2 pt 7 ps 0.4 title "fp16", \
     file using 1:3 with linespoints lc rgb red lw 2 pt 7 ps 0.4 title "bf16", \
     file using 1:4 with linespoints lc rgb green lw 2 pt 7 ps 0.4 title "E4M3, saturating", \
     file using 1:5 with linespoints lc rgb purple lw 2 pt 7 ps 0.4 title "E5M2"

# ---- loss-scale ----
reset
load 'plots/style.gp'
set datafile columnheaders
set datafile missing NaN
set output data."loss-scale.svg"
file = data."loss-scale.tsv"
set xlabel "log_2 S"
set ylabel "final loss less that of float32 (nats)" offset 0.5
set y2label "part of the logits' gradient that is 0" offset -0.5
set xrange [-17:25]
set yrange [-0.03:0.75]
set y2range [-0.04:1]
set y2tics
set border 11
set key at graph 0.5,0.95 center top
set arrow 1 from -12, graph 0 to -12, graph 1 nohead lc rgb grey dt 2
plot for [s=0:2] file using ($2 == s ? $1 : NaN):($3-$6) with linespoints lc rgb blue lw 1.6 pt 7 ps 0.5 title (s == 0 ? "loss, three seeds" : ""), \
     for [s=0:2] file using ($2 == s ? $1 : NaN):4 axes x1y2 with linespoints lc rgb orange lw 1.4 pt 6 ps 0.5 title (s == 0 ? "zeros (right axis)" : "")

# ---- modes ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."modes.svg"
file = data."modes-final.tsv"
set terminal @svg size 860,330
array base[3]
stats file using (base[1] = $0 == 0 ? $3 : base[1]) nooutput
stats file using (base[2] = $0 == 0 ? $4 : base[2]) nooutput
stats file using (base[3] = $0 == 0 ? $5 : base[3]) nooutput
set ylabel "final loss less that of float32 (nats)" offset 0.5
set xrange [0.5:7.5]
set yrange [-0.003:0.04]
set xtics ("fp16" 1, "fp16, S = 1024" 2, "fp16 weights" 3, "bf16" 4, "bf16 weights" 5, "at random" 6, "all bf16" 7)
unset key
plot for [s=1:3] file using ($0 + 0.1 * (s - 2)):(column(s + 2) - base[s]) with points pt 7 ps 0.8 lc rgb (s == 1 ? blue : s == 2 ? red : green)

# ---- stuck ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."stuck.svg"
set logscale x
set xlabel "learning rate"
set ylabel "part of the weights that stay" offset 0.5
set xrange [1e-8:1e-2]
set yrange [-0.02:1.05]
set format x "10^{%L}"
set key top right
plot data."stuck.tsv" using 1:2 with lines lc rgb blue lw 2 title "fp16", \
     data."stuck.tsv" using 1:3 with lines lc rgb red lw 2 title "bf16", \
     data."stuck-counted.tsv" using 1:2 with points lc rgb blue pt 7 ps 0.7 title "counted", \
     data."stuck-counted.tsv" using 1:3 with points lc rgb red pt 7 ps 0.7 title "counted"

# ---- drift ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."drift.svg"
file = data."drift.tsv"
set xlabel "step"
set ylabel "weight" offset 0.5
set xrange [0:200]
set yrange [0.945:1.004]
set key bottom left
set style fill solid 0.15 noborder
plot file using 1:($5-$6):($5+$6) with filledcurves lc rgb blue title "at random, one standard deviation", \
     for [i=7:11] file using 1:i with steps lc rgb sky lw 1 title (i == 7 ? "at random, five runs" : ""), \
     file using 1:5 with lines lc rgb blue lw 2 title "at random, mean of 4000", \
     file using 1:4 with steps lc rgb green lw 1.6 title "copy of a float32 weight", \
     file using 1:3 with lines lc rgb red lw 2 title "to nearest"

# ---- sums ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."sums.svg"
file = data."sums.tsv"
set logscale xy
set xlabel "terms"
set ylabel "relative error (RMS)" offset 0.5
set xrange [13:20000]
set yrange [3e-4:1.5]
set xtics (16,64,256,1024,4096,16384)
set format y "10^{%L}"
set key top left
plot file using 1:3 with points lc rgb red pt 7 ps 0.8 title "bf16, mean 0", \
     file using 1:5 with lines lc rgb red lw 1.4 title "0.150 · 2^{−7} √n", \
     file using 1:7 with linespoints lc rgb red lw 1 dt 2 pt 6 ps 0.8 title "bf16, uniform", \
     file using 1:2 with points lc rgb blue pt 7 ps 0.8 title "fp16, mean 0", \
     file using 1:4 with lines lc rgb blue lw 1.4 title "0.150 · 2^{−10} √n", \
     file using 1:6 with linespoints lc rgb blue lw 1 dt 2 pt 6 ps 0.8 title "fp16, uniform"

# ---- scaler ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."scaler.svg"
set terminal @svg size 860,300
file = data."scaler.tsv"
set xlabel "step"
set ylabel "log_2 S" offset 0.5
set xrange [0:300]
set yrange [17.5:24.5]
set ytics 1
unset key
plot for [s=0:2] file using 1:(column(s+2)) with steps lw 1.8 lc rgb (s == 0 ? blue : s == 1 ? red : green)
