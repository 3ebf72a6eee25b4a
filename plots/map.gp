# The figures of chapter map, from the tables in the folder `data`. With `own` set: those of the reader's data.
# Each is a block of its own that begins anew.

# ---- pr-fan ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."pr-fan.svg"
file = data."pr-fan.tsv"
array tone[10] = ["#08306b", "#08519c", "#2171b5", "#4292c6", "#6baed6", "#fdae6b", "#fd8d3c", "#f16913", "#d94801", "#8c2d04"]
set xlabel "recall"
set ylabel "precision, mean over classes"
set xrange [0:1]
set yrange [0:1.02]
set key outside right center title "IoU"
if (!exists("T")) T = 10
plot for [t=2:T+1] file using 1:(column(t) < 0 ? NaN : column(t)) with lines lw 2 lc rgb tone[t-1] title columnheader(t)

# ---- ap-iou ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."ap-iou.svg"
file = data."ap-iou.tsv"
set xlabel "IoU threshold"
set ylabel "AP, mean over classes"
set xrange [0.48:0.97]
set yrange [0:*]
set xtics 0.05
plot file using "iou":"voc10" with linespoints pt 7 ps 0.5 lc rgb green lw 2 title "VOC 2010: all points, + 1", \
     file using "iou":"voc07" with linespoints pt 7 ps 0.5 lc rgb orange lw 2 title "VOC 2007: 11 points, + 1", \
     file using "iou":"coco" with linespoints pt 7 ps 0.5 lc rgb blue lw 2 title "COCO: 101 points, crowds, no + 1"

# ---- calibration ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."calibration.svg"
file = data."calibration.tsv"
set multiplot layout 1,2 margins 0.085,0.985,0.14,0.95 spacing 0.11,0
set xlabel "score"
set ylabel "part that is true at IoU 0.5"
set xrange [0:1]
set yrange [0:1.02]
set key top left reverse Left
plot x with lines lc rgb grey lw 1 dt 2 title "as the score says", \
     file using "score":"true_part":"standard_error" with yerrorlines pt 7 ps 0.6 lc rgb blue lw 2 title "measured, ± 1 s.e."
set ylabel "detections" offset 1
set yrange [0:*]
set boxwidth 0.09
set style fill solid 0.5 noborder
plot file using "bin":"detections" with boxes lc rgb sky notitle
unset multiplot

# ---- pr-classes and confusion: of the reader's data only ----
if (exists("own") && classes > 0) {
    reset
    load 'plots/style.gp'
    shown = classes < 48 ? classes : 48
    across = shown < 6 ? shown : 6
    down = (shown + across - 1) / across
    set terminal @svg size 150 * across + 20, 140 * down + 20
    set output data."pr-classes.svg"
    set multiplot layout down, across
    set xrange [0:1]
    set yrange [0:1.02]
    set xtics 0.5; set ytics 0.5
    set lmargin 4; set rmargin 1; set tmargin 2; set bmargin 2
    set datafile columnheaders
    set key tmargin center noenhanced samplen -1 font ",11"
    do for [k=2:shown+1] {
        plot data."pr-classes.tsv" using 1:k with lines lw 2 lc rgb blue title columnheader(k)
    }
    unset multiplot
}
if (exists("own") && classes > 0 && classes <= 40) {
    reset
    load 'plots/style.gp'
    set terminal @svg size 300 + 22 * classes, 240 + 22 * classes
    set output data."confusion.svg"
    set palette defined (0 "#ffffff", 1 "#56b4e9", 2 "#0072b2", 3 "#08306b")
    set logscale cb
    set cbrange [0.4:*]
    unset grid; unset key
    set xtics rotate by 90 right noenhanced font ",10"
    set ytics noenhanced font ",10"
    set xlabel "detections"
    set ylabel "ground truths"
    set yrange [*:*] reverse
    set cblabel "number"
    plot data."confusion.tsv" matrix rowheaders columnheaders using 1:2:($3 > 0 ? $3 : NaN) with image pixels
}

if (exists("own")) exit

# ---- drawing-iou ----
reset
load 'plots/style.gp'
set datafile nocolumnheaders
set terminal @svg size 860,270
set output data."drawing-iou.svg"
file = data."one-image-boxes.tsv"
unset border; unset tics; unset grid; unset key
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
# Object C and detection 5 of the image by hand, moved to (x, y).
row(name) = sprintf("< awk -F'\\t' '$2 == \"%s\"' %s", name, file)
set object 1 rect from 16,24 to 50,60 fc rgb 0xfde9c8 fs solid noborder
set object 2 rect from 96,20 to 136,60 fc rgb 0xd9f0e6 fs solid noborder
set object 3 rect from 102,24 to 142,64 fc rgb 0xd9f0e6 fs solid noborder
set object 4 rect from 188,25 to 218,55 fc rgb 0xfde9c8 fs solid noborder
set style fill empty noborder
set label 1 "both: 34 × 36" at 33,70 center
set label 2 "at least one: 40 × 40 + 40 × 40 − 34 × 36" at 119,70 center
set label 3 "all of d lies in the crowd: 1" at 220,81 center
set label 4 "g" at 11.5,26 left; set label 5 "d" at 54.5,59 right tc rgb blue
set label 6 "g" at 97.5,26 left; set label 7 "d" at 140.5,59 right tc rgb blue
set label 8 "crowd" at 267,22 right; set label 9 "d" at 191,50 left tc rgb blue
set xrange [0:275]
set yrange [86:8]
plot row("C") using ($3+20):($4-50+20):($3):($3+40):($4-50):($4-10) with boxxyerror lc rgb black lw 2, \
     row("5") using ($3+20):($4-30):($3):($3+40):($4-50):($4-10) with boxxyerror lc rgb blue lw 2, \
     row("C") using ($3+106):($4-30):($3+86):($3+126):($4-50):($4-10) with boxxyerror lc rgb black lw 2, \
     row("5") using ($3+106):($4-30):($3+86):($3+126):($4-50):($4-10) with boxxyerror lc rgb blue lw 2, \
     row("crowd") using ($3+105):($4+35):($3+50):($3+150):($4+5):($4+65) with boxxyerror lc rgb black lw 2 dt 3, \
     row("3") using ($3+75):($4+20):($3+58):($3+88):($4+5):($4+35) with boxxyerror lc rgb blue lw 2

# ---- drawing-matching ----
reset
load 'plots/style.gp'
set datafile nocolumnheaders
set terminal @svg size 860,420
set output data."drawing-matching.svg"
file = data."one-image-boxes.tsv"
verdicts = data."one-image.tsv"
set multiplot layout 2,3 margins 0.01,0.99,0.01,0.93 spacing 0.02,0.1
unset tics; unset grid; unset key
set border 15 lc rgb "#999999"
set xrange [0:230]
set yrange [122:0]
set size ratio -1
pick(test) = sprintf("< awk -F'\\t' '%s; END { print \"-\\t-\\t-99\\t-99\\t1\\t1\" }' %s", test, file)
cell(d, k) = system(sprintf("awk -F'\\t' 'NR == %d {print $%d}' %s", d + 1, k, verdicts))
# Who is used before detection d: A after the first, B after the second (COCO).
used(d) = d == 1 ? "$2 == \"none\"" : d == 2 ? "$2 == \"A\"" : "$2 == \"A\" || $2 == \"B\""
set style fill empty noborder
do for [d=0:5] {
    if (d == 0) { set title "objects A, B, C, a crowd, detections 1 to 5" } \
    else { set title sprintf("%d (%.1f):  VOC %s, COCO %s", d, real(cell(d, 2)), cell(d, 7), cell(d, 8)) }
    now = d == 0 ? "$1 == \"detection\"" : sprintf("$1 == \"detection\" && $2 == %d", d)
    plot pick(d == 0 ? "$2 == \"none\"" : used(d)) using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb 0xdddddd fs solid 0.8 noborder, \
         pick("$1 == \"object\"") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb black lw 1.5, \
         pick("$1 == \"crowd\"") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb black lw 1.5 dt 3, \
         pick(now) using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb blue lw 1.8, \
         pick("$1 == \"object\"") using (strcol(2) eq "B" ? $3+$5+5 : $3 - 5):($4+6):2 with labels, \
         pick("$1 == \"crowd\"") using ($3+$5-19):($4+8):2 with labels, \
         pick(now) using ($3+(strcol(2) eq "1" ? 7 : $5-14)):($4+$6-8):2 with labels tc rgb blue
}
unset multiplot

# ---- worked-example ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."worked-example.svg"
file = data."worked-example.tsv"
points = data."worked-example-101.tsv"
set xlabel "recall"
set ylabel "precision" offset 1
set xrange [0:0.52]
set yrange [0:1.08]
set key at graph 0.99,0.97
# Every tenth of the 101 points is one of the 11.
plot data."worked-example-envelope.tsv" using "recall":"precision" with fsteps lw 2 lc rgb green title "envelope (VOC 2010: the area under it)", \
     points using "recall":"precision" with points pt 7 ps 0.35 lc rgb blue title "101 points (COCO)", \
     points every 10 using "recall":"precision" with points pt 6 ps 1 lw 2 lc rgb orange title "11 points (VOC 2007)", \
     file using "recall":"precision" with linespoints pt 7 ps 0.4 lc rgb "#444444" lw 1 title "as the detections come in"

# ---- scene ----
reset
load 'plots/style.gp'
set datafile nocolumnheaders
set terminal @svg size 860,560
set output data."scene.svg"
file = data."scene.tsv"
set xlabel "x (pixels)"
set ylabel "y (pixels)" offset 1
set xrange [0:640]
set yrange [500:0]
set size ratio -1
set key outside right center
box(kind) = sprintf("< awk -F'\\t' '$1 == \"%s\"' %s", kind, file)
set style fill empty noborder
set style textbox opaque noborder margins 0.4,0.2
plot box("found") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb black lw 2 title "object, found", \
     box("missed") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb purple lw 2.5 title "object, missed", \
     box("crowd") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb black lw 2 dt 3 title "crowd", \
     box("TP") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb green lw 1.5 title "true", \
     box("FP") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb red lw 1.5 title "false", \
     box("ignored") using ($3+$5/2):($4+$6/2):($5/2):($6/2) with boxxyerror lc rgb sky lw 1.5 title "ignored", \
     box("TP") using 3:($4-7):(sprintf("%d: %.2f", $2, $7)) with labels boxed left font ",11" textcolor rgb green_ink notitle, \
     box("FP") using ($3+$5-4*($0 == 0)):($0 == 0 ? $4+13 : $4+$6+8):(sprintf("%d: %.2f", $2, $7)) with labels boxed right font ",11" textcolor rgb red_ink notitle

# ---- ties ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."ties.svg"
file = data."ties.tsv"
set multiplot layout 1,2 margins 0.09,0.985,0.14,0.9 spacing 0.13,0
set xlabel "decimals of the scores"
set xrange [0.6:4.6]
set xtics 1
name(p) = word("voc10 voc07 coco", p)
array shade[3] = [green, orange, blue]
array title[3] = ["VOC 2010", "VOC 2007", "COCO"]
set title "lowest, expected (●), highest" font ",13"
set ylabel "AP" offset 1
set yrange [0.48:0.74]
set key at graph 0.98,0.6
at(p) = strcol("protocol") eq name(p) ? column("decimals") + 0.1 * (p == 2) : NaN
plot for [p=1:3] file using (at(p)):"lowest":(0):(column("highest") - column("lowest")) with vectors heads size graph 0.012,90 lw 2 lc rgb shade[p] notitle, \
     for [p=1:3] file using (at(p)):"expected" with points pt 7 ps 0.6 lc rgb shade[p] title title[p]
set title "highest less lowest" font ",13"
set ylabel "AP"
set logscale y
set format y "10^{%L}"
set yrange [5e-6:0.1]
plot for [p=1:3] file using (strcol("protocol") eq name(p) ? column("decimals") : NaN):(column("highest") - column("lowest")) with points pt 7 ps 0.8 lc rgb shade[p] notitle
unset multiplot

# ---- sizes ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."sizes.svg"
file = data."sizes.tsv"
set style data histogram
set style histogram clustered gap 1.5
set style fill solid 0.75 noborder
set boxwidth 0.9
set xlabel "area of the objects"
set ylabel "AP" offset 1
set format y "%g"
set xrange [-0.6:3.6]
set yrange [0:1]
set key top left
plot file using "ap":xtic(1) lc rgb blue title "COCO: the others are ignored", \
     file using "ap_both_filtered" lc rgb orange title "objects and detections of other sizes left out", \
     file using "ap_truths_filtered" lc rgb red title "objects of other sizes left out"

# ---- bootstrap ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."bootstrap.svg"
file = data."bootstrap.tsv"
sets = data."bootstrap-sets.tsv"
set xlabel "images"
set ylabel "AP" offset 1
set format y "%g"
set logscale x 2
set xrange [20:2100]
set yrange [*:*]
set xtics (25, 50, 100, 200, 400, 800, 1600)
plot file using "images":"ap_of_many" with lines lc rgb black lw 1 dt 2 title "AP of 160 000 images", \
     sets using (column("set") > 0 ? $1 * 0.93 : NaN):"ap" with points pt 6 ps 0.6 lw 1.5 lc rgb grey title "AP of four other data sets", \
     file using "images":"ap":"low":"high" with yerrorbars pt 7 ps 0.7 lw 2 lc rgb blue title "AP of one, reflected interval", \
     file using ($1*1.07):"percentile_low":(0):(column("percentile_high") - column("percentile_low")) \
     with vectors heads size graph 0.006,90 lw 1.5 lc rgb orange title "its percentile interval"

# ---- cost ----
reset
load 'plots/style.gp'
set datafile columnheaders
set output data."cost.svg"
file = data."cost.timing.tsv"
other = "tests/bench/map.tsv"
set xlabel "detections"
set ylabel "seconds of the processor" offset 1
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set xrange [800:800000]
set yrange [0.001:200]
set key top left
plot other using "detections":"pycocotools_seconds" with linespoints pt 5 ps 0.6 lw 2 lc rgb red title "pycocotools: evaluate, accumulate", \
     file using "detections":"read_seconds" with linespoints pt 7 ps 0.6 lw 2 lc rgb orange title "ours: reading COCO's JSON", \
     file using "detections":"evaluate_seconds" with linespoints pt 7 ps 0.6 lw 2 lc rgb blue title "ours: evaluation"
