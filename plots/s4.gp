# The figures of chapter s4, from the tables in the folder `data`; each block stands by itself.

# ---- reconstruction ----
reset
load 'plots/style.gp'
set output data."reconstruction.svg"
set multiplot layout 1,2 margins 0.07,0.985,0.14,0.9 spacing 0.11,0
file = data."reconstruction.tsv"
set title "a signal, and N numbers' memory of it" font ",13"
set xlabel "place in the past (0 oldest, 1 now)"
set ylabel "signal, shifted" offset 1
set xrange [0:1]
set yrange [-17:3.6]
unset ytics
array size[4] = [8, 16, 32, 64]
set label 1 "N = 64" at 0.015,2.9 left textcolor rgb blue
set label 2 "N = 32" at 0.015,-1.6 left textcolor rgb green_ink
set label 3 "N = 16" at 0.015,-6.1 left textcolor rgb orange_ink
set label 4 "N = 8" at 0.015,-10.6 left textcolor rgb red_ink
plot for [k=0:3] file using 1:($2 - 4.5 * k) with lines lc rgb "#bbbbbb" lw 3.5 notitle, \
     file using 1:6 with lines lc rgb blue lw 1.4 notitle, \
     file using 1:($5 - 4.5) with lines lc rgb green lw 1.4 notitle, \
     file using 1:($4 - 9) with lines lc rgb orange lw 1.4 notitle, \
     file using 1:($3 - 13.5) with lines lc rgb red lw 1.4 notitle
unset label
set ytics nomirror
file = data."reconstruction-error.tsv"
set title "what is lost of it" font ",13"
set xlabel "N"
set ylabel "mean square error" offset 0.5
set logscale y
set format y "10^{%L}"
set xrange [0:72]
set yrange [1e-14:10]
set label 1 "half a sample off" at 70,1.2e-4 right textcolor rgb orange_ink
set label 2 "LegS" at 70,6e-8 right textcolor rgb blue
set label 3 "best\npolynomial" at 48,1e-12 right textcolor rgb black
plot file using 1:2 with linespoints pt 6 ps 0.7 lc rgb black lw 1.2 notitle, \
     file using 1:4 with lines lc rgb orange lw 2 notitle, \
     file using 1:3 with lines lc rgb blue lw 2 notitle
unset multiplot

# ---- measures ----
reset
load 'plots/style.gp'
set terminal @svg size 860,620
set output data."measures.svg"
set multiplot layout 2,3 margins 0.06,0.975,0.09,0.93 spacing 0.06,0.19
file = data."measures-basis.tsv"
set xrange [1200:0]
set xtics 400 nomirror
set xlabel "steps ago"
set yrange [-2.9:2.9]
set ylabel "basis functions" offset 1
set title "LegS: all of the past" font ",13"
plot for [k=0:3] file using 1:(column(sprintf("legs_%d", k))) with lines lw 1.8 lc rgb value(word("black orange sky purple", k + 1)) notitle
unset ylabel
set yrange [-1.6:1.6]
set title "LegT: a window of 400 steps" font ",13"
set key at graph 0.45,0.75
plot for [k=0:3] file using 1:(column(sprintf("legt_%d", k))) with lines lw 1.8 lc rgb value(word("black orange sky purple", k + 1)) title sprintf("n = %d", k)
set yrange [-1.1:1.1]
set title "LagT: a fading past" font ",13"
plot for [k=0:3] file using 1:(column(sprintf("lagt_%d", k))) with lines lw 1.8 lc rgb value(word("black orange sky purple", k + 1)) notitle
file = data."measures.tsv"
set xrange [0:1200]
set yrange [-4.2:4.2]
set xlabel "time"
do for [now in "400 800 1200"] {
    set title sprintf("what 32 numbers remember at %s", now) font ",13"
    if (now eq "400") { set ylabel "signal" offset 1; set key inside bottom right } else { unset ylabel; unset key }
    set arrow 1 from now+0,-4.2 to now+0,4.2 nohead lc rgb grey lw 1
    plot file using 1:2 with lines lc rgb "#bbbbbb" lw 3.5 notitle, \
         file using 1:(column("legs_".now)) with lines lc rgb blue lw 1.4 title "LegS", \
         file using 1:(column("legt_".now)) with lines lc rgb red lw 1.4 title "LegT", \
         file using 1:(column("lagt_".now)) with lines lc rgb green lw 1.4 title "LagT"
}
unset multiplot

# ---- discretisation ----
reset
load 'plots/style.gp'
set output data."discretisation.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.08,0
file = data."discretisation.tsv"
set logscale xy
set format y "10^{%L}"
set xlabel "samples L"
set xrange [220:13000]
set yrange [1e-6:10]
set xtics (250, 500, 1000, 2000, 4000, 8000) nomirror
set ylabel "root mean square error" offset 0.5
set title "LegS, N = 64" font ",13"
set label 1 "forward Euler" at 420,1.6 left textcolor rgb red_ink
set label 2 "backward Euler" at 240,0.055 left textcolor rgb orange_ink
set label 3 "bilinear" at 1150,2.6e-3 left textcolor rgb blue
set label 4 "zero-order hold" at 250,4e-5 left textcolor rgb green_ink
plot file using 1:2 with linespoints pt 7 ps 0.4 lc rgb red lw 2 notitle, \
     file using 1:3 with linespoints pt 7 ps 0.4 lc rgb orange lw 2 notitle, \
     file using 1:4 with linespoints pt 7 ps 0.4 lc rgb blue lw 2 notitle, \
     file using 1:5 with linespoints pt 7 ps 0.4 lc rgb green lw 2 notitle
unset ylabel
unset key
unset label
set title "LegT, N = 64, a window of L samples" font ",13"
set label 1 "forward Euler,\nexplodes below 1000" at 1200,5 left textcolor rgb red_ink
plot file using 1:6 with linespoints pt 7 ps 0.4 lc rgb red lw 2, \
     file using 1:7 with linespoints pt 7 ps 0.4 lc rgb orange lw 2, \
     file using 1:8 with linespoints pt 7 ps 0.4 lc rgb blue lw 2, \
     file using 1:9 with linespoints pt 7 ps 0.4 lc rgb green lw 2
unset multiplot

# ---- kernel ----
reset
load 'plots/style.gp'
set output data."kernel.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.12,0
file = data."kernel.tsv"
set title "S4's kernel, N = 64, L = 1024, L dt = 4" font ",13"
set xlabel "step"
set ylabel "K" offset 1
set xrange [0:1024]
set yrange [*:*]
set format y "%g"
plot file using 1:2 with lines lc rgb orange lw 3 title "by the recurrence", \
     file every 12 using 1:3 with points pt 7 ps 0.3 lc rgb blue title "by the generating function"
file = data."kernel-tail.tsv"
set title "relative error of the kernel" font ",13"
set xlabel "length of the kernel in time, L dt"
unset ylabel
set logscale xy
set xrange [0.2:80]
set yrange [1e-21:100]
set format y "10^{%L}"
set xtics (0.25, 1, 4, 16, 64) nomirror
set key inside bottom left
plot file using 1:4 with lines lc rgb grey lw 2 dt 2 title "size of Ā^L", \
     file using 1:2 with linespoints pt 7 ps 0.4 lc rgb red lw 2 title "without C̃", \
     file using 1:3 with linespoints pt 7 ps 0.4 lc rgb blue lw 2 title "with C̃"
unset multiplot

# ---- delay ----
reset
load 'plots/style.gp'
set output data."delay.svg"
file = data."delay.tsv"
set xlabel "lag (steps)"
set ylabel "part of the variance that is missed" offset 0.5
set logscale y
set format y "10^{%L}"
set xrange [0:2000]
set yrange [1e-13:3]
set label 1 "64 real decays" at 260,0.01 left textcolor rgb purple_ink
set label 2 "LegS" at 720,3e-5 right textcolor rgb blue
set label 3 "LagT" at 1150,1e-6 left textcolor rgb green_ink
set label 4 "LegT, window 1000" at 1035,1e-9 left textcolor rgb red_ink
plot file using 1:5 with lines lc rgb purple lw 2 notitle, \
     file using 1:3 with lines lc rgb blue lw 2 notitle, \
     file using 1:4 with lines lc rgb green lw 2 notitle, \
     file using 1:2 with lines lc rgb red lw 2 notitle

# ---- gradient-law ----
reset
load 'plots/style.gp'
set output data."gradient-law.svg"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.1,0
file = data."gradient-law.tsv"
set title "what is left of one sample" font ",13"
set logscale xy
set xlabel "T"
set ylabel "|∂c(T)/∂f(t_0)|" offset 0.5
set xrange [10:100000]
set format x "10^{%L}"
set format y "10^{%L}"
set yrange [1e-7:20]
set label 1 "N/T" at 3e4,2.5e-3 left textcolor rgb black
set label 2 "0.99^{T - t_0}" at 200,2e-6 right textcolor rgb red_ink
set label 3 "0.999^{T - t_0}" at 1.5e4,1e-6 left textcolor rgb orange_ink
set key inside top right
plot file using ($1 == 10 ? $2 : NaN):3 with lines lc rgb blue lw 2 title "LegS, t_0 = 10", \
     file using ($1 == 100 ? $2 : NaN):3 with lines lc rgb sky lw 2 title "t_0 = 100", \
     file using ($1 == 1000 ? $2 : NaN):3 with lines lc rgb green lw 2 title "t_0 = 1000", \
     file using ($1 == 10 ? $2 : NaN):5 with lines lc rgb red lw 2 dt 2 notitle, \
     file using ($1 == 10 ? $2 : NaN):6 with lines lc rgb orange lw 2 dt 2 notitle, \
     16 / x with lines lc rgb black lw 1 dt 3 notitle
unset label
set title "how far the law is off" font ",13"
set ylabel "relative error of the law" offset 0.5
set yrange [1e-9:3]
plot file using ($1 == 10 ? $2 : NaN):4 with lines lc rgb blue lw 2 notitle, \
     file using ($1 == 100 ? $2 : NaN):4 with lines lc rgb sky lw 2 notitle, \
     file using ($1 == 1000 ? $2 : NaN):4 with lines lc rgb green lw 2 notitle
unset multiplot

# ---- training ----
reset
load 'plots/style.gp'
set output data."training.svg"
file = data."training.tsv"
set xlabel "step of training (batches of 32)"
set ylabel "accuracy, mean of 10 steps" offset 0.5
set xrange [0:400]
set yrange [0:1.02]
set format y "%g"
set label 1 "chance" at 4,0.16 left textcolor rgb black
set key at graph 0.98,0.16 maxrows 2
plot 0.25 with lines lc rgb black lw 1 dt 3 notitle, \
     for [s=0:2] file using 1:(column(sprintf("gru_no_delay_%d", s))) with lines lc rgb grey lw 1.6 title (s == 0 ? "GRU, T = 64: no noise after the tone" : ""), \
     for [s=0:2] file using 1:(column(sprintf("gru_%d", s))) with lines lc rgb red lw 1.6 title (s == 0 ? "GRU, T = 512" : ""), \
     for [s=0:2] file using 1:(column(sprintf("s4d_noise_0.3_%d", s))) with lines lc rgb sky lw 1.2 title (s == 0 ? "S4D, T = 512, noise 0.3" : ""), \
     for [s=0:2] file using 1:(column(sprintf("s4d_%d", s))) with lines lc rgb blue lw 1.6 title (s == 0 ? "S4D, T = 512" : "")

# ---- cost ----
reset
load 'plots/style.gp'
set output data."cost.svg"
file = data."cost.timing.tsv"
set logscale xy
set format y "10^{%L}"
set xlabel "length L"
set ylabel "seconds, one thread" offset 0.5
set xrange [64:16384]
set yrange [1e-6:1]
set xtics (64, 256, 1024, 4096, 16384) nomirror
set label 1 "recurrence, N = 64: N^2 L" at 80,1.4e-3 left textcolor rgb red_ink
set label 2 "convolution by its sum: L^2 / 2" at 4500,6e-2 right textcolor rgb orange_ink
set label 3 "convolution by FFT: L log L" at 1500,3e-5 left textcolor rgb blue
plot file using 1:2 with linespoints pt 7 ps 0.4 lc rgb red lw 2 notitle, \
     file using 1:4 with linespoints pt 7 ps 0.4 lc rgb orange lw 2 notitle, \
     file using 1:3 with linespoints pt 7 ps 0.4 lc rgb blue lw 2 notitle
