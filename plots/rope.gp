# The figures of chapter rope, from the tables in the folder `data`.
# Each is a block of its own that begins anew.

# ---- drawing-turning ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-turning.svg"
unset border; unset tics; unset grid; unset key
set lmargin 1; set rmargin 1; set tmargin 1; set bmargin 1
set size ratio -1
set xrange [-1.6:9.1]
set yrange [-1.75:1.85]
set angles degrees
# Three circles; in each the query and the key at the position that the title names, and the angle between them.
array centre[3] = [0, 3.75, 7.5]
array turned_q[3] = [75, 135, 225]
array turned_k[3] = [10, 40, 130]
array titles[3] = ["as they are", "m = 2,  n = 1", "m = 5,  n = 4"]
do for [j=1:3] {
    x = centre[j]; a = turned_q[j]; b = turned_k[j]
    set object 10*j circle at x,0 size 1.3 fs empty border lc rgb "#cccccc" lw 1
    set object 10*j+1 circle at x,0 size 0.42 arc [b:a] fs solid 0.35 noborder fc rgb yellow
    if (j > 1) {
        set object 10*j+2 circle at x,0 size 1.02 arc [75:a] nowedge fs empty border lc rgb blue lw 1 dt 3
        set object 10*j+3 circle at x,0 size 0.8 arc [10:b] nowedge fs empty border lc rgb red lw 1 dt 3
        set arrow 10*j+2 from x,0 to x+1.25*cos(75),1.25*sin(75) nohead lc rgb blue lw 1 dt 3
        set arrow 10*j+3 from x,0 to x+0.95*cos(10),0.95*sin(10) nohead lc rgb red lw 1 dt 3
    }
    set arrow 10*j from x,0 to x+1.25*cos(a),1.25*sin(a) head filled size 0.16,18 lc rgb blue lw 2.4
    set arrow 10*j+1 from x,0 to x+0.95*cos(b),0.95*sin(b) head filled size 0.16,18 lc rgb red lw 2.4
    set label 10*j "q" at x+1.48*cos(a),1.48*sin(a) center textcolor rgb blue
    set label 10*j+1 "k" at x+1.15*cos(b),1.15*sin(b) center textcolor rgb red_ink
    set label 10*j+2 titles[j] at x,1.72 center textcolor rgb "#111111"
    set label 10*j+3 sprintf("%d°", a - b) at x+0.7*cos((a+b)/2.0),0.7*sin((a+b)/2.0) center font ",11" textcolor rgb grey
}
plot NaN notitle

# ---- drawing-matrix ----
reset
load 'plots/style.gp'
set terminal @svg font "sans-serif,11" size 860,420
set output data."drawing-matrix.svg"
@begin_drawing
set xrange [-1.2:20.2]
set yrange [-1.3:9]
$boxes << END
0.5 7 0.5 0.5 0xdcecf7 "cos_0"
1.5 7 0.5 0.5 0xdcecf7 "−sin_0"
2.5 7 0.5 0.5 0xffffff ""
3.5 7 0.5 0.5 0xffffff ""
4.5 7 0.5 0.5 0xffffff ""
5.5 7 0.5 0.5 0xffffff ""
6.5 7 0.5 0.5 0xffffff ""
7.5 7 0.5 0.5 0xffffff ""
0.5 6 0.5 0.5 0xdcecf7 "sin_0"
1.5 6 0.5 0.5 0xdcecf7 "cos_0"
2.5 6 0.5 0.5 0xffffff ""
3.5 6 0.5 0.5 0xffffff ""
4.5 6 0.5 0.5 0xffffff ""
5.5 6 0.5 0.5 0xffffff ""
6.5 6 0.5 0.5 0xffffff ""
7.5 6 0.5 0.5 0xffffff ""
0.5 5 0.5 0.5 0xffffff ""
1.5 5 0.5 0.5 0xffffff ""
2.5 5 0.5 0.5 0xfde9c8 "cos_1"
3.5 5 0.5 0.5 0xfde9c8 "−sin_1"
4.5 5 0.5 0.5 0xffffff ""
5.5 5 0.5 0.5 0xffffff ""
6.5 5 0.5 0.5 0xffffff ""
7.5 5 0.5 0.5 0xffffff ""
0.5 4 0.5 0.5 0xffffff ""
1.5 4 0.5 0.5 0xffffff ""
2.5 4 0.5 0.5 0xfde9c8 "sin_1"
3.5 4 0.5 0.5 0xfde9c8 "cos_1"
4.5 4 0.5 0.5 0xffffff ""
5.5 4 0.5 0.5 0xffffff ""
6.5 4 0.5 0.5 0xffffff ""
7.5 4 0.5 0.5 0xffffff ""
0.5 3 0.5 0.5 0xffffff ""
1.5 3 0.5 0.5 0xffffff ""
2.5 3 0.5 0.5 0xffffff ""
3.5 3 0.5 0.5 0xffffff ""
4.5 3 0.5 0.5 0xd9f0e6 "cos_2"
5.5 3 0.5 0.5 0xd9f0e6 "−sin_2"
6.5 3 0.5 0.5 0xffffff ""
7.5 3 0.5 0.5 0xffffff ""
0.5 2 0.5 0.5 0xffffff ""
1.5 2 0.5 0.5 0xffffff ""
2.5 2 0.5 0.5 0xffffff ""
3.5 2 0.5 0.5 0xffffff ""
4.5 2 0.5 0.5 0xd9f0e6 "sin_2"
5.5 2 0.5 0.5 0xd9f0e6 "cos_2"
6.5 2 0.5 0.5 0xffffff ""
7.5 2 0.5 0.5 0xffffff ""
0.5 1 0.5 0.5 0xffffff ""
1.5 1 0.5 0.5 0xffffff ""
2.5 1 0.5 0.5 0xffffff ""
3.5 1 0.5 0.5 0xffffff ""
4.5 1 0.5 0.5 0xffffff ""
5.5 1 0.5 0.5 0xffffff ""
6.5 1 0.5 0.5 0xf7dede "cos_3"
7.5 1 0.5 0.5 0xf7dede "−sin_3"
0.5 0 0.5 0.5 0xffffff ""
1.5 0 0.5 0.5 0xffffff ""
2.5 0 0.5 0.5 0xffffff ""
3.5 0 0.5 0.5 0xffffff ""
4.5 0 0.5 0.5 0xffffff ""
5.5 0 0.5 0.5 0xffffff ""
6.5 0 0.5 0.5 0xf7dede "sin_3"
7.5 0 0.5 0.5 0xf7dede "cos_3"
11.5 7 0.5 0.5 0xdcecf7 "cos_0"
12.5 7 0.5 0.5 0xffffff ""
13.5 7 0.5 0.5 0xffffff ""
14.5 7 0.5 0.5 0xffffff ""
15.5 7 0.5 0.5 0xdcecf7 "−sin_0"
16.5 7 0.5 0.5 0xffffff ""
17.5 7 0.5 0.5 0xffffff ""
18.5 7 0.5 0.5 0xffffff ""
11.5 6 0.5 0.5 0xffffff ""
12.5 6 0.5 0.5 0xfde9c8 "cos_1"
13.5 6 0.5 0.5 0xffffff ""
14.5 6 0.5 0.5 0xffffff ""
15.5 6 0.5 0.5 0xffffff ""
16.5 6 0.5 0.5 0xfde9c8 "−sin_1"
17.5 6 0.5 0.5 0xffffff ""
18.5 6 0.5 0.5 0xffffff ""
11.5 5 0.5 0.5 0xffffff ""
12.5 5 0.5 0.5 0xffffff ""
13.5 5 0.5 0.5 0xd9f0e6 "cos_2"
14.5 5 0.5 0.5 0xffffff ""
15.5 5 0.5 0.5 0xffffff ""
16.5 5 0.5 0.5 0xffffff ""
17.5 5 0.5 0.5 0xd9f0e6 "−sin_2"
18.5 5 0.5 0.5 0xffffff ""
11.5 4 0.5 0.5 0xffffff ""
12.5 4 0.5 0.5 0xffffff ""
13.5 4 0.5 0.5 0xffffff ""
14.5 4 0.5 0.5 0xf7dede "cos_3"
15.5 4 0.5 0.5 0xffffff ""
16.5 4 0.5 0.5 0xffffff ""
17.5 4 0.5 0.5 0xffffff ""
18.5 4 0.5 0.5 0xf7dede "−sin_3"
11.5 3 0.5 0.5 0xdcecf7 "sin_0"
12.5 3 0.5 0.5 0xffffff ""
13.5 3 0.5 0.5 0xffffff ""
14.5 3 0.5 0.5 0xffffff ""
15.5 3 0.5 0.5 0xdcecf7 "cos_0"
16.5 3 0.5 0.5 0xffffff ""
17.5 3 0.5 0.5 0xffffff ""
18.5 3 0.5 0.5 0xffffff ""
11.5 2 0.5 0.5 0xffffff ""
12.5 2 0.5 0.5 0xfde9c8 "sin_1"
13.5 2 0.5 0.5 0xffffff ""
14.5 2 0.5 0.5 0xffffff ""
15.5 2 0.5 0.5 0xffffff ""
16.5 2 0.5 0.5 0xfde9c8 "cos_1"
17.5 2 0.5 0.5 0xffffff ""
18.5 2 0.5 0.5 0xffffff ""
11.5 1 0.5 0.5 0xffffff ""
12.5 1 0.5 0.5 0xffffff ""
13.5 1 0.5 0.5 0xd9f0e6 "sin_2"
14.5 1 0.5 0.5 0xffffff ""
15.5 1 0.5 0.5 0xffffff ""
16.5 1 0.5 0.5 0xffffff ""
17.5 1 0.5 0.5 0xd9f0e6 "cos_2"
18.5 1 0.5 0.5 0xffffff ""
11.5 0 0.5 0.5 0xffffff ""
12.5 0 0.5 0.5 0xffffff ""
13.5 0 0.5 0.5 0xffffff ""
14.5 0 0.5 0.5 0xf7dede "sin_3"
15.5 0 0.5 0.5 0xffffff ""
16.5 0 0.5 0.5 0xffffff ""
17.5 0 0.5 0.5 0xffffff ""
18.5 0 0.5 0.5 0xf7dede "cos_3"
END
$words << END
4 8.2 "neighbours: pair i is 2i and 2i + 1"
15 8.2 "halves: pair i is i and i + d/2"
END
$notes << END
4 -1 "RoFormer, Llama's own code"
15 -1 "GPT-NeoX, Hugging Face"
END
@end_drawing

# ---- drawing-distances ----
reset
load 'plots/style.gp'
set terminal @svg font "sans-serif,11" size 860,310
set output data."drawing-distances.svg"
@begin_drawing
set xrange [-1.4:24.4]
set yrange [-1.6:7.2]
$boxes << END
0.5 5 0.5 0.5 0xffffff "0"
0.5 4 0.5 0.5 0xeef5fa "−½"
1.5 4 0.5 0.5 0xffffff "0"
0.5 3 0.5 0.5 0xdeebf5 "−1"
1.5 3 0.5 0.5 0xeef5fa "−½"
2.5 3 0.5 0.5 0xffffff "0"
0.5 2 0.5 0.5 0xcde1f0 "−1½"
1.5 2 0.5 0.5 0xdeebf5 "−1"
2.5 2 0.5 0.5 0xeef5fa "−½"
3.5 2 0.5 0.5 0xffffff "0"
0.5 1 0.5 0.5 0xbdd7eb "−2"
1.5 1 0.5 0.5 0xcde1f0 "−1½"
2.5 1 0.5 0.5 0xdeebf5 "−1"
3.5 1 0.5 0.5 0xeef5fa "−½"
4.5 1 0.5 0.5 0xffffff "0"
0.5 0 0.5 0.5 0xaccde6 "−2½"
1.5 0 0.5 0.5 0xbdd7eb "−2"
2.5 0 0.5 0.5 0xcde1f0 "−1½"
3.5 0 0.5 0.5 0xdeebf5 "−1"
4.5 0 0.5 0.5 0xeef5fa "−½"
5.5 0 0.5 0.5 0xffffff "0"
9.5 5 0.5 0.5 0xffffff "a_0"
9.5 4 0.5 0.5 0xdeebf5 "a_1"
10.5 4 0.5 0.5 0xffffff "a_0"
9.5 3 0.5 0.5 0xbdd7eb "a_2"
10.5 3 0.5 0.5 0xdeebf5 "a_1"
11.5 3 0.5 0.5 0xffffff "a_0"
9.5 2 0.5 0.5 0xbdd7eb "a_2"
10.5 2 0.5 0.5 0xbdd7eb "a_2"
11.5 2 0.5 0.5 0xdeebf5 "a_1"
12.5 2 0.5 0.5 0xffffff "a_0"
9.5 1 0.5 0.5 0xbdd7eb "a_2"
10.5 1 0.5 0.5 0xbdd7eb "a_2"
11.5 1 0.5 0.5 0xbdd7eb "a_2"
12.5 1 0.5 0.5 0xdeebf5 "a_1"
13.5 1 0.5 0.5 0xffffff "a_0"
9.5 0 0.5 0.5 0xbdd7eb "a_2"
10.5 0 0.5 0.5 0xbdd7eb "a_2"
11.5 0 0.5 0.5 0xbdd7eb "a_2"
12.5 0 0.5 0.5 0xbdd7eb "a_2"
13.5 0 0.5 0.5 0xdeebf5 "a_1"
14.5 0 0.5 0.5 0xffffff "a_0"
18.5 5 0.5 0.5 0xffffff "0"
18.5 4 0.5 0.5 0xcbe0f0 "16"
19.5 4 0.5 0.5 0xffffff "0"
18.5 3 0.5 0.5 0xbbd7eb "21"
19.5 3 0.5 0.5 0xcbe0f0 "16"
20.5 3 0.5 0.5 0xffffff "0"
18.5 2 0.5 0.5 0xb2d1e8 "24"
19.5 2 0.5 0.5 0xbbd7eb "21"
20.5 2 0.5 0.5 0xcbe0f0 "16"
21.5 2 0.5 0.5 0xffffff "0"
18.5 1 0.5 0.5 0xabcde6 "26"
19.5 1 0.5 0.5 0xb2d1e8 "24"
20.5 1 0.5 0.5 0xbbd7eb "21"
21.5 1 0.5 0.5 0xcbe0f0 "16"
22.5 1 0.5 0.5 0xffffff "0"
18.5 0 0.5 0.5 0xa5c9e4 "28"
19.5 0 0.5 0.5 0xabcde6 "26"
20.5 0 0.5 0.5 0xb2d1e8 "24"
21.5 0 0.5 0.5 0xbbd7eb "21"
22.5 0 0.5 0.5 0xcbe0f0 "16"
23.5 0 0.5 0.5 0xffffff "0"
END
$words << END
3 6.7 "ALiBi, slope 1/2: added"
12 6.7 "Shaw, K = 2: added to the key"
21 6.7 "T5: number of the class"
END
$notes << END
-0.5 5 "0"
0.5 -0.95 "0"
-0.5 4 "1"
1.5 -0.95 "1"
-0.5 3 "2"
2.5 -0.95 "2"
-0.5 2 "3"
3.5 -0.95 "3"
-0.5 1 "4"
4.5 -0.95 "4"
-0.5 0 "5"
5.5 -0.95 "5"
8.5 5 "0"
9.5 -0.95 "0"
8.5 4 "1"
10.5 -0.95 "1"
8.5 3 "2"
11.5 -0.95 "2"
8.5 2 "3"
12.5 -0.95 "3"
8.5 1 "4"
13.5 -0.95 "4"
8.5 0 "5"
14.5 -0.95 "5"
17.5 5 "0"
18.5 -0.95 "0"
17.5 4 "16"
19.5 -0.95 "16"
17.5 3 "32"
20.5 -0.95 "32"
17.5 2 "48"
21.5 -0.95 "48"
17.5 1 "64"
22.5 -0.95 "64"
17.5 0 "80"
23.5 -0.95 "80"
END
@end_drawing

# ---- decay ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."decay.svg"
set multiplot layout 1,2 margins 0.075,0.985,0.14,0.9 spacing 0.11,0
file = data."decay.tsv"
set xlabel "distance m − n (positions)"
set xrange [0:250]
set yrange [0:34]
set ylabel "mean of |σ_j|" offset 1
set title "RoFormer's bound" font ",13"
plot file using 1:2 with lines lc rgb blue lw 2 notitle
set yrange [0:1.1]
set ylabel "relative to distance 0" offset 1
set title "scores" font ",13"
set label 1 "q = k: the score" at 60,0.64 left textcolor rgb blue
set label 2 "independent q, k: mean |score|" at 245,0.9 right textcolor rgb orange_ink
root = sqrt(255 / pi)
plot [x=0:250] file using 1:3 with lines lc rgb blue lw 2 notitle, \
     file using ($1 > 1 ? $1 : NaN):(1 - (log($1) + 0.5772) / log(10000)) with lines lc rgb black lw 1.4 dt 3 notitle, \
     data."decay-independent.tsv" using 1:($2/root):($3/root) with yerrorlines lc rgb orange lw 2 pt 7 ps 0.4 notitle
unset multiplot

# ---- extrapolation ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."extrapolation.svg"
set terminal @svg size 860,470
set multiplot
file = data."extrapolation.tsv"
nets = data."extrapolation-nets.tsv"
guesses = data."extrapolation-guesses.tsv"
schemes = "none sinusoidal learnt shaw xl t5 alibi rope"
array words[8] = ["none", "sinusoidal", "learnt", "Shaw", "Transformer-XL", "T5", "ALiBi", "RoPE"]
colours = "#5a5a5a #cc79a7 #56b4e9 #009e73 #000000 #e69f00 #d55e00 #0072b2"
bin(from) = from < 1 ? 1 : from < 65 ? 2 : from < 129 ? 3 : 4
# The median of bin b in column c + b; the nets of a scheme, one by one.
middle(name, c) = sprintf("< awk -F'\\t' '$1 == \"%s\" { for (b = 1; b <= 4; b++) print b \"\\t\" $(%d + b) }' %s", name, c, file)
net(name, k) = sprintf("< awk -F'\\t' '$1 == \"%s\" && $2 == %d' %s", name, k, nets)
stats guesses using "language" every ::0::0 name "E" nooutput
stats guesses using "language" every ::1::1 name "F" nooutput
unset datafile
set datafile separator tab
set xlabel "position in the sequence"
set ylabel "nats above the oracle" offset 2
set xrange [0.6:4.4]
set xtics ("0–64" 1, "64–128" 2, "128–256" 3, "256–512" 4)
set logscale y
set format y "%g"
set yrange [0.001:12]
set lmargin at screen 0.085; set rmargin at screen 0.43; set tmargin at screen 0.9; set bmargin at screen 0.12
set title "the language" font ",13"
set label 1 "guessing evenly" at 0.65,E_max*1.25 left font ",11" textcolor rgb grey
set label 2 "by frequency" at 0.65,F_max*0.8 left font ",11" textcolor rgb grey
unset key
plot E_max with lines lc rgb black lw 1 dt 3 notitle, F_max with lines lc rgb black lw 1 dt 3 notitle, \
     for [i=1:8] for [k=0:2] net(word(schemes, i), k) using (bin($3)):5 with lines lc rgb word(colours, i) lw 0.7 notitle, \
     for [i=1:8] middle(word(schemes, i), 1) using 1:2 with linespoints lc rgb word(colours, i) lw 2.2 pt 7 ps 0.5 title words[i]
set lmargin at screen 0.465; set rmargin at screen 0.81
unset ylabel
set format y ""
set title "the key" font ",13"
set key at screen 0.995,0.9 right top width 1
unset label 2
set label 1 "guessing among 8" at 0.65,log(8)*1.25 left font ",11" textcolor rgb grey
plot log(8) with lines lc rgb black lw 1 dt 3 notitle, \
     for [i=1:8] for [k=0:2] net(word(schemes, i), k) using (bin($3)):6 with lines lc rgb word(colours, i) lw 0.7 notitle, \
     for [i=1:8] middle(word(schemes, i), 5) using 1:2 with linespoints lc rgb word(colours, i) lw 2.2 pt 7 ps 0.5 title words[i]
unset multiplot

# ---- shift ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."shift.svg"
set terminal @svg size 860,300
set multiplot layout 1,4 margins 0.055,0.915,0.2,0.86 spacing 0.03,0
file = data."shift.tsv" # 64 x 64 rows for each of the ways, which are
array words[4] = ["sinusoid, added", "RoPE", "pairings mixed up", "ALiBi"]
set palette defined (0 "#d55e00", 0.5 "#ffffff", 1 "#0072b2")
set cbrange [-5.5:5.5]
unset grid
set xrange [-0.5:63.5]
set yrange [63.5:-0.5]
set xtics 0,30,60
set ytics 0,30,60
set format y "%g"
set xlabel "position n of k"
unset colorbox
do for [i=1:4] {
    if (i == 1) { set ylabel "position m of q" offset 1 } else { unset ylabel; set format y "" }
    if (i == 4) { set colorbox user origin 0.93,0.2 size 0.016,0.66; set cbtics 2; set label 1 "score" at screen 0.945,0.91 center }
    set title words[i] font ",13"
    plot file every ::(4096 * (i - 1))::(4096 * i - 1) using 3:2:4 with image pixels notitle
}
unset multiplot

# ---- precision ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."precision.svg"
file = data."precision.tsv"
set xlabel "position"
set ylabel "largest error of a cosine"
set xrange [1:2.2e5]
set yrange [1e-8:5]
set logscale xy
set format xy "10^{%L}"
set label 1 "bfloat16" at 20,0.06 right textcolor rgb purple_ink
set label 2 "float16" at 100,0.008 left textcolor rgb orange_ink
set label 3 "float32" at 1.15e5,2.6e-3 left textcolor rgb blue
set style fill solid 0.25 noborder
plot file using 1:3:4 with filledcurves lc rgb purple notitle, \
     file using 1:6:7 with filledcurves lc rgb orange notitle, \
     file using 1:9:10 with filledcurves lc rgb blue notitle, \
     file using 1:2 with lines lc rgb purple lw 2 notitle, \
     file using 1:5 with lines lc rgb orange lw 2 notitle, \
     file using 1:8 with lines lc rgb blue lw 2 notitle

# ---- linear ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."linear.svg"
file = data."linear.tsv"
set xlabel "sum of a row's weights"
set ylabel "part of the rows"
set format xy "%g"
set xrange [0.2:1.2]
set yrange [0:*]
set style fill solid 0.6
set boxwidth 0.031
# The sum that half of the rows stay below, from the histogram.
all = 0.0; middle = 0.0
stats file using (all = all + $2, middle = middle == 0 && all >= 0.5 ? $1 - 0.015625 + 0.03125 * (1 - (all - 0.5) / $2) : middle, all) nooutput
set arrow 1 from 1, graph 0 to 1, graph 1 nohead front lc rgb black dt 3
set label 1 "without rotation" at 1.01, graph 0.93 left
set arrow 2 from middle, graph 0 to middle, graph 1 nohead front lc rgb black lw 1.4
set label 2 sprintf("median %.2f", middle) at middle + 0.01, graph 0.97 left
plot file using 1:2 with boxes lc rgb blue notitle
