# The figures of chapter td, from the tables in the folder `data`; each block stands by itself below what follows.
set datafile columnheaders

# A column of the row of a table that meets the condition, and what a claim measured.
cell(file, row, column) = real(system(sprintf("awk -F'\t' '%s { print $%d }' %s%s", row, column, data, file)))
# A figure that is drawn alone has its own claims only: the others are those of the reference.
claim(id) = real(system(sprintf("awk -F'\t' '$1 == \"%s\" { print $5; exit }' %sclaims.tsv chapters/td/reference/claims.tsv", id, data)))

# Whether the row at work is of this panel, curve or method, which its first column names.
in(p) = strcol(1) eq p

# A grid of cells, columns panel, row, column, value, actions as bits (up, right, down, left, stay), kind or path: a cell
# of panel p is a box of its value's colour, the value, and an arrow for every best action.
bit(k, b) = (int(column(k)) >> b) & 1
cells = "file using (in(p) ? $3 : NaN):2:(0.5):(0.5):4 with boxxyerror fs solid 1 border lc rgb '#ffffff' lc palette lw 1 notitle"
values = "file using (in(p) && valid(4) ? $3 : NaN):($2 + shift):(sprintf(digits, $4)) with labels font size textcolor rgb '#111111' notitle"
arrows = "for [b=0:3] file using (in(p) && bit(5, b) ? $3 + (b == 0 ? -0.06 : b == 1 ? 0.13 : b == 2 ? 0.06 : -0.13) : NaN):($2 - (b == 0 ? 0.08 : b == 2 ? 0.4 : 0.23)):((b == 1) * 0.28 - (b == 3) * 0.28):((b == 2) * 0.32 - (b == 0) * 0.32) with vectors head size 0.1,30 filled lc rgb '#333333' lw 1.2 notitle"
stays = "file using (in(p) && bit(5, 4) ? $3 : NaN):($2 - 0.23) with points pt 6 ps 0.6 lc rgb '#333333' lw 1.2 notitle"
forbidden = "file using (in(p) && $6 == 1 ? $3 : NaN):2:(0.46):(0.46) with boxxyerror fs empty lc rgb orange lw 2.5 notitle"
target = "file using (in(p) && $6 == 2 ? $3 : NaN):2:(0.46):(0.46) with boxxyerror fs empty lc rgb green lw 2.5 notitle"
board = "unset colorbox; unset grid; unset xlabel; unset ylabel; unset border; unset tics; unset key; set size ratio -1"

# ---- drawing-walk ----
reset
load 'plots/style.gp'
set terminal @svg size 860,130
set output data."drawing-walk.svg"
@begin_drawing
unset datafile columnheaders
set xrange [-0.5:12.5]
set yrange [-0.45:1.45]
set print $boxes
do for [i=1:5] { print sprintf("%g 0.5 0.4 0.3 0x%s \"%s\"", 2 * i, i == 3 ? "fde9c8" : "dcecf7", word("A B C D E", i)) }
print '0 0.5 0.4 0.3 0xeeeeee "end"'
print '12 0.5 0.4 0.3 0xd9f0e6 "end"'
set print $arrows
do for [i=1:5] {
    print sprintf("%g 0.6 %g 0.6", 2 * i + 0.4, 2 * i + 1.6)
    print sprintf("%g 0.4 %g 0.4", 2 * i - 0.4, 2 * i - 1.6)
}
set print $words
print '1 0.1 "pays 0"'
print '11 0.95 "pays 1"'
set print $notes
print '6 1.2 "begin here; left and right with probability 1/2 each"'
do for [i=1:5] { print sprintf("%g -0.1 \"%d/6\"", 2 * i, i) }
set print
@end_drawing
set datafile separator tab
set datafile columnheaders

# ---- drawing-backup ----
reset
load 'plots/style.gp'
set terminal @svg size 860,380
set output data."drawing-backup.svg"
@begin_drawing
unset datafile columnheaders
set xrange [-0.9:14.1]
set yrange [-1.2:5.9]
# a column: a state or action on top, then what is looked at
set print $rounds
print '0 4.6 ""'; print '0 3.2 ""'; print '0 1.8 ""'
print '2.2 4.6 ""'; print '2.2 3.2 ""'
print '4.4 3.2 ""'; print '6.8 3.2 ""'; print '9.6 3.2 ""'
print '12.4 3.2 ""'; print '12.4 1.8 ""'
set print $dots
print '0 3.9'; print '0 2.5'
print '2.2 3.9'
print '4.4 4.6'; print '4.4 2.2'
print '6.8 4.6'; print '6.1 2.2'; print '6.8 2.2'; print '7.5 2.2'
print '9.6 4.6'; print '8.9 2.2'; print '9.6 2.2'; print '10.3 2.2'
print '12.4 4.6'; print '12.4 2.5'; print '12.4 1.1'
set print $lines
print '0 4.44 0 3.36'; print '0 3.04 0 1.96'; print '0 1.64 0 0.15'
print '2.2 4.44 2.2 3.36'
print '4.4 4.6 4.4 3.36'; print '4.4 3.04 4.4 2.2'
print '6.8 4.6 6.8 3.36'; print '6.69 3.08 6.1 2.2'; print '6.8 3.04 6.8 2.2'; print '6.91 3.08 7.5 2.2'
print '9.6 4.6 9.6 3.36'; print '9.49 3.08 8.9 2.2'; print '9.6 3.04 9.6 2.2'; print '9.71 3.08 10.3 2.2'
print '9.2 2.72 9.6 2.55'; print '9.6 2.55 10 2.72'
print '12.4 4.6 12.4 3.36'; print '12.4 3.04 12.4 1.96'; print '12.4 1.64 12.4 1.1'
set print $boxes
print '0 0 0.16 0.15 0x444444 ""'
set print $words
print '0 5.5 "Monte Carlo"'; print '2.2 5.5 "TD(0)"'; print '4.4 5.5 "Sarsa"'
print '6.8 5.5 "expected Sarsa"'; print '9.6 5.5 "Q-learning"'; print '12.4 5.5 "n-step Sarsa, n = 2"'
print '-0.4 4.6 "v"'; print '1.8 4.6 "v"'; print '4.05 4.6 "q"'; print '6.45 4.6 "q"'; print '9.25 4.6 "q"'; print '12.05 4.6 "q"'
set print $notes
print '0.35 3.9 "r"'; print '0.35 2.5 "r"'; print '2.55 3.9 "r"'; print '4.75 3.9 "r"'; print '7.15 3.9 "r"'; print '9.95 3.9 "r"'; print '12.75 3.9 "r"'; print '12.75 2.1 "r"'
print '0.8 0 "the end"'; print '2.2 2.65 "its v"'
print '4.4 1.75 "its q"'; print '6.8 1.75 "mean by π"'; print '9.6 1.75 "maximum"'; print '12.4 0.65 "its q"'
print '6.8 -0.8 "open circles: states; dots: actions; square: the end of the episode"'
set print
@end_drawing
set datafile separator tab
set datafile columnheaders

# ---- drawing-grid ----
reset
load 'plots/style.gp'
set terminal @svg size 640,330
set output data."drawing-grid.svg"
@begin_drawing
unset datafile columnheaders
set xrange [-0.4:10.6]
set yrange [-5.6:0.1]
kind(s) = strstrt(" 6 7 12 16 18 21 ", " ".s." ") ? "0xfde9c8" : s == 17 ? "0xd9f0e6" : "0xffffff"
set print $boxes
do for [s=0:24] { print sprintf("%g %g 0.5 0.5 %s \"(%d,%d)\"", s % 5 + 1, -(s / 5) - 1, kind("".s), s / 5 + 1, s % 5 + 1) }
set print $arrows
print '8.5 -2.6 8.5 -1.6'; print '9.15 -3 10.1 -3'; print '8.5 -3.4 8.5 -4.4'; print '7.85 -3 6.9 -3'
set print $words
print '8.5 -1.3 "0: up"'; print '9.75 -2.6 "1: right"'; print '8.5 -4.75 "2: down"'; print '7.3 -2.6 "3: left"'
print '8.5 -3 "4: stay"'
set print $notes
print '8.5 -0.4 "(row, column)"'
print '8.5 -5.3 "orange: forbidden; green: the target"'
set print
@end_drawing
set datafile separator tab
set datafile columnheaders

# ---- drawing-winds ----
reset
load 'plots/style.gp'
set terminal @svg size 860,380
set output data."drawing-winds.svg"
@begin_drawing
unset datafile columnheaders
set xrange [-0.7:14.3]
set yrange [-7.1:0.9]
set print $boxes
do for [s=0:69] { print sprintf("%g %g 0.5 0.5 %s \"%s\"", s % 10, -(s / 10), s == 30 ? "0xfde9c8" : s == 37 ? "0xd9f0e6" : int(word("0 0 0 1 1 1 2 2 1 0", s % 10 + 1)) == 2 ? "0xc4dcee" : int(word("0 0 0 1 1 1 2 2 1 0", s % 10 + 1)) == 1 ? "0xe6f0f8" : "0xffffff", s == 30 ? "S" : s == 37 ? "G" : "") }
set arrow 1 from 6,-5 to 6.9,-3.1 head filled size graph 0.012,20 lc rgb red lw 1.6 front
set arrow 2 from 4,-5 to 4.9,-4.1 head filled size graph 0.012,20 lc rgb red lw 1.6 front
set arrow 3 from 8,-3 to 7.1,-2.1 head filled size graph 0.012,20 lc rgb red lw 1.6 front
set print $arrows
do for [k=0:7] {
    dx = word("0 1 0 -1 1 1 -1 -1", k + 1); dy = word("1 0 -1 0 1 -1 -1 1", k + 1)
    print sprintf("12.2 -3 %g %g", 12.2 + 1.1 * dx, -3 + 1.1 * dy)
}
set print $dots
print '6 -5'; print '4 -5'; print '8 -3'
set print $words
do for [k=0:7] {
    dx = word("0 1 0 -1 1 1 -1 -1", k + 1); dy = word("1 0 -1 0 1 -1 -1 1", k + 1)
    print sprintf("%g %g \"%d\"", 12.2 + 1.45 * dx, -3 + 1.45 * dy, k)
}
set print $notes
do for [c=0:9] { print sprintf("%d -6.8 \"%s\"", c, word("0 0 0 1 1 1 2 2 1 0", c + 1)) }
print '4.5 0.75 "right in wind 1 and in wind 2; left from beside the goal misses it"'
print '12.2 -0.6 "numbers of the moves; a king has all 8"'
print '12.2 -5.6 "the wind of the column that is left"'
print '12.2 -6 "blows upwards, by as many cells"'
set print
@end_drawing
set datafile separator tab
set datafile columnheaders

# ---- mean ----
reset
load 'plots/style.gp'
set pointintervalbox 0.01 # no white ring around points with error bars
set output data."mean.svg"
file = data."mean.tsv"
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set xlabel "samples"
set ylabel "mean squared error"
set xrange [0.8:4000]
set yrange [5e-4:6]
set label 1 "step 0.1" at 1150,0.053 left textcolor rgb red_ink
set label 2 "step 0.01" at 1150,0.0062 left textcolor rgb green_ink
set label 3 "step 1/k" at 1150,0.00095 left textcolor rgb blue
forgets(a, n) = (1 - a) ** (2 * n)
constant(a, n) = forgets(a, n) * 4 + a / (2 - a) * (1 - forgets(a, n))
plot x <= 1000 ? 1 / x : NaN with lines lc rgb blue lw 1 notitle, \
     x <= 1000 ? constant(0.1, x) : NaN with lines lc rgb red lw 1 notitle, \
     x <= 1000 ? constant(0.01, x) : NaN with lines lc rgb green lw 1 notitle, \
     file using (strcol(1) eq "1/k" ? $2 : NaN):3:(2*$4) with yerrorbars pt 7 ps 0.5 lc rgb blue notitle, \
     file using (strcol(1) eq "0.1" ? $2 : NaN):3:(2*$4) with yerrorbars pt 7 ps 0.5 lc rgb red notitle, \
     file using (strcol(1) eq "0.01" ? $2 : NaN):3:(2*$4) with yerrorbars pt 7 ps 0.5 lc rgb green notitle

# ---- robbins-monro ----
reset
load 'plots/style.gp'
set pointintervalbox 0.01 # no white ring around points with error bars
set format "%g"
set output data."robbins-monro.svg"
set multiplot layout 1,2 margins 0.075,0.985,0.16,0.9 spacing 0.12,0
set title "tanh(w − 1), steps 1/k, no noise" font ",13"
set logscale x
set xlabel "k"
set ylabel "w_k"
set xrange [1:1000]
set yrange [0:3.2]
plot 1 with lines lc rgb black lw 1 dt 3 notitle, \
     data."robbins-monro-tanh.tsv" using 1:2 with lines lc rgb blue lw 2 notitle
unset logscale
set title "w^3 − 5 + noise" font ",13"
set xlabel "first guess w_1"
set ylabel "part of runs that converge"
set xrange [0:4]
set yrange [0:1.08]
file = data."robbins-monro-cubic.tsv"
exact = data."robbins-monro-exact.tsv"
set label 1 "steps 1/(k+5)" at 0.1,0.93 left textcolor rgb blue
set label 2 "steps 1/k" at 2.15,0.45 left textcolor rgb red_ink
set label 3 "Zhao's figure 6.3" at 0.08,0.09 left textcolor rgb red_ink
set arrow 1 from 0.05,0.07 to 0.01,0.02 head size 0.05,30 filled lc rgb red lw 1.2
plot exact using (strcol(1) eq "1/(k+5)" ? $2 : NaN):3 with lines lc rgb blue lw 1 notitle, \
     exact using (strcol(1) eq "1/k" ? $2 : NaN):3 with lines lc rgb red lw 1 notitle, \
     file using (strcol(1) eq "1/(k+5)" ? $2 : NaN):3:(2*$4) with yerrorbars pt 7 ps 0.5 lc rgb blue notitle, \
     file using (strcol(1) eq "1/k" ? $2 : NaN):3:(2*$4) with yerrorbars pt 7 ps 0.5 lc rgb red notitle
unset multiplot

# ---- grid ----
reset
load 'plots/style.gp'
set output data."grid.svg"
file = data."grid.tsv"
@board
set palette defined (0 "#e9c6b4", 0.5 "#ffffff", 1 "#8cc1e3")
set cbrange [-11:11]
set xrange [0.45:5.55]
set yrange [5.55:0.45]
shift = 0.24; digits = "%.1f"; size = ",11"
set multiplot layout 1,2 margins 0.02,0.98,0.02,0.9 spacing 0.04,0
p = "harsh"
set title "forbidden cells pay −10" font ",13"
plot @cells, @values, @arrows, @stays, @forbidden, @target
p = "mild"
set title "forbidden cells pay −1" font ",13"
plot @cells, @values, @arrows, @stays, @forbidden, @target
unset multiplot

# ---- mc-basic ----
reset
load 'plots/style.gp'
set terminal @svg size 860,480
set output data."mc-basic.svg"
file = data."mc-basic.tsv"
@board
set palette defined (0 "#e9c6b4", 0.5 "#ffffff", 1 "#8cc1e3")
set cbrange [-11:11]
set xrange [0.45:5.55]
set yrange [5.55:0.45]
shift = 0; digits = "%.1f"; size = ",10"
set multiplot layout 2,4 margins 0.01,0.99,0.01,0.94 spacing 0.01,0.08
do for [L in "1 2 3 4 14 15 30 100"] {
    p = L
    set title "episodes of ".L.(L eq "1" ? " step" : " steps") font ",12" offset 0,-0.7
    plot @cells, @values, @forbidden, @target
}
unset multiplot

# ---- grid-epsilon ----
reset
load 'plots/style.gp'
set terminal @svg size 860,500
set output data."grid-epsilon.svg"
file = data."grid-epsilon.tsv"
@board
set palette defined (0 "#e9c6b4", 0.5 "#ffffff", 1 "#8cc1e3")
set cbrange [-17:17]
set xrange [0.45:5.55]
set yrange [5.55:0.45]
shift = 0.24; digits = "%.1f"; size = ",11"
set multiplot layout 2,4 margins 0.01,0.99,0.01,0.94 spacing 0.01,0.08
do for [kind in "consistent best"] {
    do for [e in "0 0.1 0.2 0.5"] {
        p = kind."_".e
        set title (kind eq "best" ? "best" : "optimal").", ε = ".e font ",12" offset 0,-0.7
        plot @cells, @values, @arrows, @stays, @forbidden, @target
    }
}
unset multiplot

# ---- cliff-paths ----
reset
load 'plots/style.gp'
set terminal @svg size 620,440
set output data."cliff-paths.svg"
file = data."cliff-paths.tsv"
@board
set palette defined (0 "#e9c6b4", 0.5 "#ffffff", 1 "#8cc1e3")
set cbrange [-30:30]
set xrange [-0.55:11.55]
set yrange [3.55:-0.55]
shift = 0.22; digits = "%.1f"; size = ",10"
set multiplot layout 2,1 margins 0.02,0.98,0.02,0.92 spacing 0,0.1
set label 1 "S" at -0.35,2.75 center font ",10" textcolor rgb red_ink front
set label 2 "the cliff: −100, back to S" at 5.5,3 center font ",12" textcolor rgb red_ink
set label 3 "G" at 11,3 center font ",12" textcolor rgb green_ink
walked = "file using (in(p) && $6 == 1 ? $3 : NaN):2:(0.46):(0.46) with boxxyerror fs empty lc rgb blue lw 2.5 notitle"
p = "optimal"
set title "optimal: 13 steps along the edge" font ",13" offset 0,-0.5
plot @cells, @values, @arrows, @walked
p = "soft"
set title "the best policy that acts at random in 1 of 10 steps" font ",13" offset 0,-0.5
plot @cells, @values, @arrows, @walked
unset multiplot

# ---- random-walk ----
reset
load 'plots/style.gp'
set pointintervalbox 0.01 # no white ring around points with error bars
set format "%g"
set output data."random-walk.svg"
file = data."random-walk.tsv"
set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.14,0
set title "RMS error, 20 000 runs" font ",13"
set xlabel "episodes"
set ylabel "RMS error over the states" offset 1
set xrange [0:125]
set yrange [0:0.25]
set xtics 0,25,100
set ytics 0.05
set label 1 "TD 0.15" at 102,0.069 left textcolor rgb red_ink
set label 2 "TD 0.1" at 102,0.0555 left textcolor rgb red_ink
set label 3 "TD 0.05" at 102,0.035 left textcolor rgb red_ink
set label 4 "MC 0.04" at 102,0.109 left textcolor rgb blue
set label 5 "MC 0.01" at 58,0.15 left textcolor rgb blue
set label 6 "MC 0.03" at 102,0.0955 left textcolor rgb blue
set label 7 "MC 0.02" at 102,0.0825 left textcolor rgb blue
plot for [id in "mc_0.01 mc_0.02 mc_0.03 mc_0.04"] file using (in(id) ? $2 : NaN):3 with lines lc rgb blue lw 1.6 notitle, \
     for [id in "td_0.05 td_0.1 td_0.15"] file using (in(id) ? $2 : NaN):3 with lines lc rgb red lw 1.6 notitle, \
     for [id in "mc_0.01 mc_0.02 mc_0.03 mc_0.04"] file using (in(id) && int($2) % 20 == 0 ? $2 : NaN):3:(2*$4) with yerrorbars pt 7 ps 0.2 lc rgb blue lw 1 notitle, \
     for [id in "td_0.05 td_0.1 td_0.15"] file using (in(id) && int($2) % 20 == 0 ? $2 : NaN):3:(2*$4) with yerrorbars pt 7 ps 0.2 lc rgb red lw 1 notitle
unset label
set title "mean squared error over the exact one" font ",13"
set ylabel "measured / exact" offset 1
set xrange [0:105]
set yrange [0.97:1.04]
set ytics 0.01
set key top right
plot 1 with lines lc rgb black lw 1 notitle, \
     file using (in("mc_0.02") && int($2) % 10 == 0 && $2 > 0 ? $2 + 0.7 : NaN):($5/$7):(2*$6/$7) with yerrorbars pt 7 ps 0.5 lc rgb blue title "MC 0.02, ± 2 s.e.", \
     file using (in("td_0.1") && int($2) % 10 == 0 && $2 > 0 ? $2 - 0.7 : NaN):($5/$7):(2*$6/$7) with yerrorbars pt 7 ps 0.5 lc rgb red title "TD 0.1, ± 2 s.e."
unset multiplot

# ---- batch ----
reset
load 'plots/style.gp'
set pointintervalbox 0.01 # no white ring around points with error bars
set format "%g"
set output data."batch.svg"
file = data."batch.tsv"
set logscale xy
set xlabel "episodes in the batch"
set ylabel "root of the mean squared error" offset 1
set xrange [0.9:160]
set yrange [0.035:0.6]
set ytics add (0.05, 0.1, 0.2, 0.5)
set label 1 "MC" at 105,0.066 left textcolor rgb blue
set label 2 "TD" at 105,0.042 left textcolor rgb red_ink
plot file using (in("mc") ? $2 : NaN):(sqrt($7)) with lines lc rgb blue lw 1 dt 2 notitle, \
     file using (in("td") ? $2 : NaN):(sqrt($7)) with lines lc rgb red lw 1 dt 2 notitle, \
     file using (in("mc") ? $2 : NaN):(sqrt($5)):($6/sqrt($5)) with yerrorlines pt 7 ps 0.5 lc rgb blue lw 1.6 notitle, \
     file using (in("td") ? $2 : NaN):(sqrt($5)):($6/sqrt($5)) with yerrorlines pt 7 ps 0.5 lc rgb red lw 1.6 notitle

# ---- n-step ----
reset
load 'plots/style.gp'
set pointintervalbox 0.01 # no white ring around points with error bars
set format "%g"
set output data."n-step.svg"
file = data."n-step.tsv"
set xlabel "step size α"
set ylabel "RMS error, mean of the first 10 episodes" offset 1
set xrange [0.05:1.05]
set yrange [0.24:0.76]
set key outside right top vertical
n_name = "1 2 4 8 16 32 64 mc"
n_colour(k) = word(black." ".blue." ".green." ".orange." ".red." ".purple." ".sky." ".grey, k)
plot for [k=1:8] file using (in(word(n_name, k)) ? $2 : NaN):3:(2*$4) with yerrorlines pt 7 ps 0.3 lc rgb n_colour(k) lw 1.6 title (k == 8 ? "Monte Carlo" : "n = ".word(n_name, k))

# ---- cliff ----
reset
load 'plots/style.gp'
set format "%g"
set output data."cliff.svg"
file = data."cliff.tsv"
set xlabel "episode"
set ylabel "sum of rewards, mean of 4000 runs" offset 1
set xrange [0:500]
set yrange [-100:-10]
set key bottom right
best = claim("cliff-soft")
set label 1 "best with ε = 0.1" at 250,-17.7 center
plot best with lines lc rgb black lw 1 dt 3 notitle, \
     file using 1:($3-2*$6):($3+2*$6) with filledcurves fs transparent solid 0.3 noborder lc rgb green notitle, \
     file using 1:($2-2*$5):($2+2*$5) with filledcurves fs transparent solid 0.3 noborder lc rgb blue notitle, \
     file using 1:($4-2*$7):($4+2*$7) with filledcurves fs transparent solid 0.3 noborder lc rgb red notitle, \
     file using 1:3 with lines lc rgb green lw 1.2 title "expected Sarsa", \
     file using 1:2 with lines lc rgb blue lw 1.2 title "Sarsa", \
     file using 1:4 with lines lc rgb red lw 1.2 title "Q-learning"

# ---- cliff-alpha ----
reset
load 'plots/style.gp'
set pointintervalbox 0.01 # no white ring around points with error bars
set format "%g"
set output data."cliff-alpha.svg"
file = data."cliff-alpha.tsv"
set xlabel "step size α"
set ylabel "sum of rewards of an episode" offset 1
set xrange [0.05:1.3]
set yrange [-160:-10]
set xtics nomirror 0.1,0.1,1
unset key
set label 1 "expected Sarsa" at 1.02,-24 left textcolor rgb green_ink
end = cell("cliff-alpha.tsv", "$1 == \"sarsa\" && $2 == 1", 5)
set label 2 sprintf("Sarsa: −%.0f at α = 1", -end) at 0.84,-108 right textcolor rgb blue
set label 3 "Q-learning" at 1.02,-50 left textcolor rgb red_ink
set label 4 "solid: episodes 1001" at 1.02,-110 left
set label 5 "to 2000" at 1.02,-121 left
set label 6 "dashed: first 100" at 1.02,-134 left
set label 7 "dotted: exact" at 1.02,-147 left
c_id(k) = word("sarsa expected_sarsa q_learning", k)
c_colour(k) = word(blue." ".green." ".red, k)
plot for [k=2:3] file using (in(c_id(k)) ? $2 : NaN):7 with lines lc rgb c_colour(k) lw 1.4 dt 3 notitle, \
     for [k=1:3] file using (in(c_id(k)) ? $2 : NaN):3:(2*$4) with yerrorlines pt 7 ps 0.4 lc rgb c_colour(k) lw 1.4 dt 2 notitle, \
     for [k=1:3] file using (in(c_id(k)) ? $2 : NaN):5:(2*$6) with yerrorlines pt 7 ps 0.4 lc rgb c_colour(k) lw 1.8 notitle

# ---- windy ----
reset
load 'plots/style.gp'
set format "%g"
set output data."windy.svg"
file = data."windy.tsv"
set multiplot
set lmargin at screen 0.08; set rmargin at screen 0.5
set tmargin at screen 0.94; set bmargin at screen 0.14
set xlabel "episode"
set ylabel "steps of the episode, mean of 1000 runs" offset 1
set xrange [1:400]
set yrange [6:2000]
set logscale xy
set key top right samplen 1.5
plot claim("windy-optimal") with lines lc rgb blue lw 1 dt 3 notitle, claim("windy-king") with lines lc rgb green lw 1 dt 3 notitle, \
     file using 1:($5-2*$9):($5+2*$9) with filledcurves lc rgb orange fs transparent solid 0.3 noborder notitle, \
     file using 1:($4-2*$8):($4+2*$8) with filledcurves lc rgb red fs transparent solid 0.3 noborder notitle, \
     file using 1:($2-2*$6):($2+2*$6) with filledcurves lc rgb blue fs transparent solid 0.3 noborder notitle, \
     file using 1:($3-2*$7):($3+2*$7) with filledcurves lc rgb green fs transparent solid 0.3 noborder notitle, \
     file using 1:4 with lines lc rgb red lw 1.6 title "four moves, wind of chance", \
     file using 1:5 with lines lc rgb orange lw 1.6 title "king, wind of chance", \
     file using 1:2 with lines lc rgb blue lw 1.6 title "four moves", \
     file using 1:3 with lines lc rgb green lw 1.6 title "king's moves"
unset logscale
file = data."windy-grid.tsv"
set lmargin at screen 0.53; set rmargin at screen 0.995
set tmargin at screen 0.94; set bmargin at screen 0.1
@board
set xrange [-0.55:9.55]
set yrange [6.75:-0.55]
set cbrange [-20:30]
set palette defined (0 "#ffffff", 0.4 "#ffffff", 1 "#8cc1e3")
set title "steps left, four moves; wind below" font ",13" offset 0,-0.6
shift = 0.24; digits = "%.0f"; size = ",11"
p = "four_moves"
steps_left = "file using (in(p) && $5 > 0 ? $3 : NaN):($2 + shift):(sprintf(digits, $4)) with labels font size textcolor rgb '#111111' notitle"
set for [c=0:9] label (c + 1) word("0 0 0 1 1 1 2 2 1 0", c + 1) at c,6.72 center font ",10" textcolor rgb grey
set label 11 "S" at -0.33,2.75 center font ",10" textcolor rgb red_ink front
set label 12 "G" at 7,3 center font ",12" textcolor rgb green_ink front
plot @cells, @steps_left, @arrows
unset multiplot

# ---- double-q ----
reset
load 'plots/style.gp'
set format "%g"
set output data."double-q.svg"
file = data."double-q.tsv"
set xlabel "episode"
set ylabel "part of 20 000 runs that go left (percent)"
set xrange [0:300]
set yrange [0:100]
set key top right samplen 1.5
set label 1 "dotted black: 5 %, what exploring alone gives" at 298,46 right
plot 5 with lines lc rgb black lw 1 dt 3 notitle, \
     file using 1:(100*($2-2*$8)):(100*($2+2*$8)) with filledcurves fs transparent solid 0.3 noborder lc rgb red notitle, \
     file using 1:(100*($3-2*$9)):(100*($3+2*$9)) with filledcurves fs transparent solid 0.3 noborder lc rgb blue notitle, \
     file using 1:(100*$2) with lines lc rgb red lw 2 title "Q-learning, ties at random", \
     file using 1:(100*$3) with lines lc rgb blue lw 2 title "double Q, ties at random", \
     file using 1:(100*$4) with lines lc rgb red lw 1.2 dt 2 title "Q-learning, ties to the right", \
     file using 1:(100*$5) with lines lc rgb blue lw 1.2 dt 2 title "double Q, ties to the right", \
     file using 1:(100*$6) with lines lc rgb red lw 1.2 dt 4 title "Q-learning, ties to the left", \
     file using 1:(100*$7) with lines lc rgb blue lw 1.2 dt 4 title "double Q, ties to the left"

# ---- off-policy-q ----
reset
load 'plots/style.gp'
set format "%g"
set output data."off-policy-q.svg"
file = data."off-policy-q.tsv"
set logscale y
set format y "10^{%L}"
set xlabel "steps (thousands)"
set ylabel "RMS error of max q over 25 states"
set xrange [0:112]
set yrange [1e-3:20]
set label 1 "ε = 0.1" at 101,4.4 left textcolor rgb red_ink
set label 2 "ε = 0.5" at 101,0.37 left textcolor rgb orange_ink
set label 3 "uniform" at 101,0.0034 left textcolor rgb blue
plot file using ($1/1000):($2-2*$5):($2+2*$5) with filledcurves fs transparent solid 0.25 noborder lc rgb blue notitle, \
     file using ($1/1000):($3-2*$6):($3+2*$6) with filledcurves fs transparent solid 0.25 noborder lc rgb orange notitle, \
     file using ($1/1000):($4-2*$7):($4+2*$7) with filledcurves fs transparent solid 0.25 noborder lc rgb red notitle, \
     file using ($1/1000):2 with lines lc rgb blue lw 1.8 notitle, \
     file using ($1/1000):3 with lines lc rgb orange lw 1.8 notitle, \
     file using ($1/1000):4 with lines lc rgb red lw 1.8 notitle

# ---- blackjack ----
reset
load 'plots/style.gp'
set format "%g"
set terminal @svg size 860,500
set output data."blackjack.svg"
file = data."blackjack.tsv"
set multiplot layout 2,3 margins 0.075,0.91,0.1,0.94 spacing 0.05,0.14
set palette defined (0 "#c46a3a", 0.5 "#ffffff", 1 "#2b79b5")
set cbrange [-1:1]
set cbtics mirror
unset grid
unset key
set xrange [0.5:10.5]
set yrange [11.5:21.5]
set xtics ("A" 1, "2" 2, "4" 4, "6" 6, "8" 8, "10" 10)
set ytics 12,3,21
do for [u in "1 0"] {
    name = u eq "1" ? "usable ace" : "no usable ace"
    set xlabel (u eq "0" ? "dealer's card" : "") offset 0,0.5
    set ylabel "player's sum" offset 0.5
    unset colorbox
    set title name.": learnt" font ",12" offset 0,-0.6
    plot file using ($1 == u ? $3 : NaN):2:(0.5):(0.5):4 with boxxyerror fs solid 1 noborder lc palette notitle, \
         file using ($1 == u && $7 == 1 ? $3 : NaN):2 with points pt 7 ps 0.35 lc rgb "#333333" notitle
    unset ylabel
    set title name.": exact" font ",12" offset 0,-0.6
    plot file using ($1 == u ? $3 : NaN):2:(0.5):(0.5):6 with boxxyerror fs solid 1 noborder lc palette notitle, \
         file using ($1 == u && $8 == 1 ? $3 : NaN):2 with points pt 7 ps 0.35 lc rgb "#333333" notitle
    set title "100 × (learnt − exact)" font ",12" offset 0,-0.6
    if (u eq "0") { set colorbox user origin 0.935,0.1 size 0.016,0.84 }
    plot file using ($1 == u ? $3 : NaN):2:(0.5):(0.5):(100*($4-$6)) with boxxyerror fs solid 1 noborder lc palette notitle, \
         file using ($1 == u && $7 != $8 ? $3 : NaN):2 with points pt 2 ps 0.8 lc rgb black lw 2 notitle
}
unset multiplot

# ---- importance-sampling ----
reset
load 'plots/style.gp'
set pointintervalbox 0.01 # no white ring around points with error bars
set terminal @svg size 860,400
set output data."importance-sampling.svg"
file = data."importance-sampling.tsv"
set logscale x
set format x "10^{%L}"
set format y "%g"
set xlabel "episodes N" offset 0,0.5
set ylabel "N × mean squared error, 4000 runs"
set xrange [0.8:20000]
set yrange [0:13]
set key bottom right samplen 1.5
plot file using (in("ordinary") ? $2 : NaN):($5*$2) with lines lc rgb red lw 1 dt 3 notitle, \
     file using (in("weighted") ? $2 : NaN):($5*$2) with lines lc rgb blue lw 1 dt 3 notitle, \
     file using (in("ordinary") ? $2 * 0.97 : NaN):($3*$2):(2*$4*$2) with yerrorlines pt 7 ps 0.5 lc rgb red lw 1.6 title "ordinary", \
     file using (in("weighted") ? $2 * 1.03 : NaN):($3*$2):(2*$4*$2) with yerrorlines pt 7 ps 0.5 lc rgb blue lw 1.6 title "weighted"
