# The figures of chapter vit, from the tables in the folder `data`. Each is a block of its own.

# ---- drawing-vit ----
reset
load 'plots/style.gp'
set terminal @svg size 860,330
set output data."drawing-vit.svg"
@begin_drawing
set xrange [-0.3:16.6]
set yrange [-1.5:4.6]
# A seven of 8 x 8 pixels, four to a patch.
array line[8] = ["00000000", "01111110", "01000010", "00000100", "00001000", "00010000", "00010000", "00000000"]
ink(r, c) = line[r][c:c] eq "1"
set print $boxes
do for [r = 1:8] { do for [c = 1:8] {
    print sprintf("%g %g 0.16 0.16 %d \" \"", 0.36 * c - 0.36 + 0.06 * ((c - 1) / 2), 2.6 - 0.36 * r + 0.36 - 0.06 * ((r - 1) / 2), ink(r, c) ? 0x6f93b5 : 0xf4f4f4)
} }
# The patches of tokens 1, 2 and 16, and their rows.
do for [k = 1:3] {
    y = k == 1 ? 2.5 : k == 2 ? 1.5 : -0.5
    do for [r = 1:2] { do for [c = 1:2] {
        print sprintf("%g %g 0.16 0.16 %d \" \"", 4.3 + 0.34 * c, y + 0.51 - 0.34 * r, ink(r + (k == 3 ? 6 : 0), c + (k == 1 ? 0 : k == 2 ? 2 : 6)) ? 0x6f93b5 : 0xf4f4f4)
    } }
    print sprintf("7.1 %g 0.75 0.3 %d \"%s\"", y, box_state, k == 1 ? "E x_1 + b" : k == 2 ? "E x_2 + b" : "E x_{16} + b")
    print sprintf("9.1 %g 0.5 0.3 %d \"%s\"", y, box_gate, k == 1 ? "p_1" : k == 2 ? "p_2" : "p_{16}")
}
print sprintf("7.1 3.5 0.75 0.3 %d \"class g\"", box_input)
print sprintf("9.1 3.5 0.5 0.3 %d \"p_0\"", box_gate)
print sprintf("11.3 1.5 0.75 2.4 %d \"blocks\"", box_out)
print sprintf("13.5 3.5 0.55 0.3 %d \"norm\"", box_input)
print sprintf("15.4 3.5 0.55 0.3 %d \"head\"", box_state)
set print
$rounds << END
8.22 3.5 "+"
8.22 2.5 "+"
8.22 1.5 "+"
8.22 -0.5 "+"
END
$arrows << END
3.3 1.2 4.1 1.2
5.3 2.5 6.25 2.5
5.3 1.5 6.25 1.5
5.3 -0.5 6.25 -0.5
9.7 3.5 10.5 3.5
9.7 2.5 10.5 2.5
9.7 1.5 10.5 1.5
9.7 -0.5 10.5 -0.5
12.1 3.5 12.9 3.5
14.1 3.5 14.8 3.5
15.4 3.2 15.4 2.5
END
$words << END
1.4 3.4 "picture"
4.8 3.4 "patches"
8.1 4.3 "tokens"
15.4 2.2 "digit"
4.8 0.5 "⋮"
7.1 0.5 "⋮"
9.1 0.5 "⋮"
END
$notes << END
1.4 -0.8 "(C, H, W)"
4.8 -1.2 "(N, C P P)"
8.1 -1.2 "(N + 1, D)"
11.3 -1.2 "L of them"
13.6 2.75 "row 0"
END
@end_drawing

# ---- digits ----
reset
load 'plots/style.gp'
set terminal @svg size 860,84
set output data."digits.svg"
set multiplot layout 1,10 margins 0.01,0.99,0.03,0.97 spacing 0.008,0
unset tics; unset key; unset colorbox; set border 15 lc rgb "#aaaaaa"
set xrange [-0.5:15.5]; set yrange [15.5:-0.5]; set cbrange [-20:110]
set palette defined (0 "#ffffff", 1 "#123a5a")
do for [k = 0:9] { plot data.'digits.tsv' every ::(256 * k + 1)::(256 * k + 256) using 3:2:4 with image pixels notitle }
unset multiplot

# ---- cost ----
reset
load 'plots/style.gp'
set terminal @svg size 860,320
set output data."cost.svg"
set logscale xy
set xrange [50:2600]; set yrange [0.05:1000]
set xtics ("64" 64, "128" 128, "224" 224, "384" 384, "512" 512, "768" 768, "1024" 1024, "1536" 1536, "2048" 2048)
set xlabel "side of the picture, pixels (patches of 16, D = 768)"
set ylabel "billion multiply-adds of a block"
set key top left
plot data.'cost.tsv' using 1:3 with linespoints lc rgb blue lw 2 pt 7 ps 0.5 title "12 T D^2: projections and MLP", \
     '' using 1:4 with linespoints lc rgb red lw 2 pt 5 ps 0.5 title "2 T^2D: scores and means"

# ---- data-size ----
reset
load 'plots/style.gp'
set terminal @svg size 860,400
set output data."data-size.svg"
file = data.'data-size.tsv'; means = data.'data-size-means.tsv'
set multiplot layout 1,2 margins 0.095,0.985,0.16,0.9 spacing 0.09,0
set logscale x
set xrange [220:18000]; set yrange [0:1]
set xtics ("300" 300, "3000" 3000, "new ones" 12800)
set xlabel "pictures to learn from"
set ylabel "accuracy after 400 steps"
set key bottom right
set title "learning rate 0.002"
of(name, low) = (strcol(1) eq name && (column(3) < 0.005) == low) ? column(5) : NaN
plot means using 1:2 with lines lc rgb blue lw 2 notitle, means using 1:4 with lines lc rgb red lw 2 notitle, \
     file using ($2*0.97):(of("vit", 1)) with points pt 7 ps 0.6 lc rgb blue title "ViT", \
     file using ($2*1.03):(of("net", 1)) with points pt 5 ps 0.6 lc rgb red title "convolutions"
unset ylabel
set title "learning rate 0.008"
plot means using 1:3 with lines lc rgb blue lw 2 notitle, means using 1:5 with lines lc rgb red lw 2 notitle, \
     file using ($2*0.97):(of("vit", 0)) with points pt 7 ps 0.6 lc rgb blue title "ViT", \
     file using ($2*1.03):(of("net", 0)) with points pt 5 ps 0.6 lc rgb red title "convolutions"
unset multiplot

# ---- permuted ----
reset
load 'plots/style.gp'
set terminal @svg size 860,300
set output data."permuted.svg"
file = data.'permuted.tsv'
set xrange [-0.5:3.5]; set yrange [0.6:1.02]
set xtics ("ViT" 0, "ViT, patches in another order" 1, "convolutions" 2, "convolutions, another order" 3)
set ylabel "accuracy, three seeds"
unset key
is(name) = strcol(1) eq name
plot file using (is("vit") ? 0.05*($2-1) : NaN):3 with points pt 7 ps 0.9 lc rgb blue, \
     file using (is("vit") ? 1+0.05*($2-1) : NaN):4 with points pt 7 ps 0.9 lc rgb blue, \
     file using (is("net") ? 2+0.05*($2-1) : NaN):3 with points pt 5 ps 0.9 lc rgb red, \
     file using (is("net") ? 3+0.05*($2-1) : NaN):4 with points pt 5 ps 0.9 lc rgb red

# ---- ablation ----
reset
load 'plots/style.gp'
set terminal @svg size 860,300
set output data."ablation.svg"
file = data.'ablation.tsv'
set xrange [-0.5:3.5]; set yrange [0:1]
set xtics ("class token" 0, "mean pool" 1, "class token,\nno positions" 2, "mean pool,\nno positions" 3)
set ylabel "accuracy, three seeds"
set bmargin 4
unset key
set arrow from -0.5,0.1 to 3.5,0.1 nohead lc rgb black dt 3
set label "chance" at 3.45,0.14 right tc rgb grey
plot file using (int(($0-1)/3) + 0.05*($2-1)):3 with points pt 7 ps 0.9 lc rgb blue

# ---- shift ----
reset
load 'plots/style.gp'
set terminal @svg size 860,340
set output data."shift.svg"
file = data.'shift.tsv'
set xrange [-0.2:8.2]; set yrange [0:1.03]
set xlabel "pixels to the right"
set ylabel "predictions that stay"
set key bottom left
set arrow from 4,0 to 4,1.03 nohead lc rgb grey dt 2
set label "one patch" at 4.08,0.97 tc rgb grey
plot for [i=0:2] file using 1:(column(sprintf("vit_%d", i))) with linespoints lc rgb blue lw 1.5 pt 7 ps 0.5 title (i ? "" : "ViT"), \
     for [i=0:2] file using 1:(column(sprintf("net_%d", i))) with linespoints lc rgb red lw 1.5 pt 5 ps 0.5 title (i ? "" : "convolutions")

# ---- attention-effect ----
reset
load 'plots/style.gp'
set terminal @svg size 860,300
set output data."attention-effect.svg"
maps = data.'attention-effect-maps.tsv'; file = data.'attention-effect.tsv'
stats maps using 5 nooutput
big = abs(STATS_min) > abs(STATS_max) ? abs(STATS_min) : abs(STATS_max)
set multiplot
unset tics; unset key; unset colorbox; set border 15 lc rgb "#aaaaaa"
set xrange [-0.5:15.5]; set yrange [15.5:-0.5]; set size ratio -1
set palette defined (0 "#ffffff", 1 "#123a5a")
set lmargin at screen 0.01; set rmargin at screen 0.17; set tmargin at screen 0.82; set bmargin at screen 0.25
set title "ink"
plot maps using 2:1:3 with image pixels notitle
set lmargin at screen 0.19; set rmargin at screen 0.35
set title "rollout"
plot maps using 2:1:4 with image pixels notitle
set lmargin at screen 0.37; set rmargin at screen 0.53
set palette defined (-1 "#b95100", 0 "#ffffff", 1 "#123a5a")
set cbrange [-big:big]
set title "loss of log p"
plot maps using 2:1:5 with image pixels notitle
set size noratio
set lmargin at screen 0.62; set rmargin at screen 0.985; set tmargin at screen 0.88; set bmargin at screen 0.14
set border 3 lc rgb "#444444"
set title "rank correlation with"
set xrange [-0.5:4.5]; set yrange [-0.05:0.85]
set ytics nomirror; set xtics nomirror ("rollout" 0, "first" 1, "last" 2, "gradient" 3, "ink" 4)
set key top right
plot file using (int(($0-1)/3) - 0.12 + 0.04*($2-1)):3 with points pt 7 ps 0.7 lc rgb blue title "|loss of log p|", \
     file using (int(($0-1)/3) + 0.12 + 0.04*($2-1)):4 with points pt 5 ps 0.7 lc rgb red title "loss of log p"
unset multiplot

# ---- resolution ----
reset
load 'plots/style.gp'
set terminal @svg size 860,340
set output data."resolution.svg"
file = data.'resolution.tsv'
set xrange [-0.6:6.6]; set yrange [0:1.03]
set xtics ("positions\nbicubic" 0, "positions\nbilinear" 1, "positions\nas a line" 2, "no\npositions" 3, "weights\npseudo-inverse" 4, "weights\nas a picture" 5, "weights\nover gain" 6)
set ylabel "accuracy, three seeds"
set bmargin 4
set key at graph 0.99,0.3
set arrow from 3.5,0 to 3.5,1.03 nohead lc rgb grey dt 2
set label "more patches" at 1.5,0.95 center tc rgb grey
set label "larger patches" at 5,0.3 center tc rgb grey
plot file using (int(($0-1)/3) - 0.12 + 0.04*($2-1)):3 with points pt 7 ps 0.8 lc rgb blue title "24 × 24", \
     file using (int(($0-1)/3) + 0.12 + 0.04*($2-1)):4 with points pt 5 ps 0.8 lc rgb red title "32 × 32"

# ---- fewer-tokens ----
reset
load 'plots/style.gp'
set terminal @svg size 860,340
set output data."fewer-tokens.svg"
file = data.'fewer-tokens.tsv'; means = data.'fewer-tokens-means.tsv'
set xrange [-0.5:8.5]; set yrange [0.88:1]
set xtics 0,2,8
set xlabel "of 16 patches, removed behind the first block"
set ylabel "accuracy"
set key bottom left
at(name) = strcol(1) eq name ? column(4) : NaN
plot means using 1:2 with lines lc rgb blue lw 2 notitle, means using 1:4 with lines lc rgb red lw 2 notitle, means using 1:5 with lines lc rgb grey lw 2 notitle, \
     file using ($2-0.12):(at("merged")) with points pt 7 ps 0.6 lc rgb blue title "merged", \
     file using 2:(at("least attended dropped")) with points pt 5 ps 0.6 lc rgb red title "least attended dropped", \
     file using ($2+0.12):(at("any dropped")) with points pt 9 ps 0.7 lc rgb grey title "any dropped"

# ---- patch-size ----
reset
load 'plots/style.gp'
set terminal @svg size 860,360
set output data."patch-size.svg"
file = data.'patch-size.tsv'; near = data.'positions-distance.tsv'
set multiplot layout 1,2 margins 0.095,0.985,0.17,0.9 spacing 0.1,0
set logscale x
set xrange [0.1:3]; set yrange [0.5:1.02]
set xlabel "million multiply-adds a picture"
set ylabel "accuracy after 400 steps"
unset key
set label "8 × 8 pixels" at 0.16,0.985 tc rgb grey
set label "4 × 4" at 0.52,0.86 tc rgb grey
set label "2 × 2" at 1.75,0.76 right tc rgb grey
plot file using 3:4 with points pt 7 ps 0.8 lc rgb blue
unset label
unset logscale x
set xrange [0.5:14.5]; set yrange [-0.2:1]
set xlabel "rows and columns between two patches of 2 × 2"
set ylabel "cosine of their positions"
plot for [i=2:4] near using 1:i with linespoints lc rgb blue lw 1.5 pt 7 ps 0.5
unset multiplot

# ---- filters ----
reset
load 'plots/style.gp'
set terminal @svg size 860,210
set output data."filters.svg"
stats data.'filters.tsv' using 4 nooutput
big = abs(STATS_min) > abs(STATS_max) ? abs(STATS_min) : abs(STATS_max)
set multiplot layout 2,16 margins 0.01,0.99,0.02,0.98 spacing 0.006,0.02
unset tics; unset key; unset colorbox; set border 15 lc rgb "#aaaaaa"
set xrange [-0.5:3.5]; set yrange [3.5:-0.5]; set size ratio -1
set palette defined (-1 "#b95100", 0 "#ffffff", 1 "#123a5a")
set cbrange [-big:big]
do for [k = 0:31] { plot data.'filters.tsv' every ::(16 * k + 1)::(16 * k + 16) using 3:2:4 with image pixels notitle }
unset multiplot
