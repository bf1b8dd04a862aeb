# shellcheck shell=bash disable=SC2154 # sourced by scripts/bench
# One side of a comparison is one command, measured once a run and kept in .build/bench/sides.
#
#   side NAME LABEL COUNT COMMAND [PREPARE]
#
# COUNT says how much the command saw; it reads what the command printed. PREPARE runs before each run. A failed run ends
# the benchmark.
side() {
  local label=$2 count=$3 command=$4 prepare=${5:-true} base=$work/sides/$1 saw
  [[ ! -e $base.json ]] || return 0
  bash -c "$prepare"
  "$bench/peak" "$base.peak" bash -c "$command" >"$base.out" 2>"$base.err" || { tail -n 5 "$base.err" >&2; return 1; }
  saw=$($count <"$base.out")
  hyperfine --style basic --runs "$runs" --prepare "$prepare" --export-json "$base.times" --command-name "$label" "$command" \
    2>&1 | sed -n '1p; /Time/p'
  jq --arg name "$label" --arg command "${command//$PWD\//}" --arg saw "$saw" --argjson peak "$(<"$base.peak")" \
    '.results[0] | {label: $name, command: $command, times, median, peak_mib: $peak, saw: $saw}' \
    "$base.times" >"$base.part"
  mv "$base.part" "$base.json"
}

# row NAME WORK OURS [PEER AIM]…: the sides, all measured, side by side: kept, and printed.
row() {
  local name=$1 text=$2 ours=$3 peers=[] n
  for ((n = 4; n <= $#; n += 2)); do
    peers=$(jq --slurpfile peer "$work/sides/${!n}.json" --argjson aim "${*:n+1:1}" \
      '. + [$peer[0] + {aim: $aim}]' <<<"$peers")
  done
  jq -n --arg name "$name" --arg work "$text" --arg date "$(date +%F)" --argjson peers "$peers" \
    --slurpfile ours "$work/sides/$ours.json" --slurpfile machine "$work/machine.json" '
      {name: $name, work: $work, date: $date, machine: $machine[0], ours: $ours[0],
        peers: [$peers[] | . + {ratio: ($ours[0].median / .median)} | . + {held: (.ratio <= .aim)}]}' \
    >"$work/rows/$name.json"
  jq -r '.ours as $ours | .peers[] | "\(.label): \($ours.median) s against \(.median) s, ratio \(.ratio), aim \(.aim): "
    + (if .held then "held" else "MISSED" end)' "$work/rows/$name.json"
}

# scan READER INDEX ARGUMENT…: our command line.
scan() {
  echo "$vmlineage scan --reader $1 --signatures $2 --catalog $work/catalog.db --format json ${*:3}"
}
# shellcheck disable=SC2034 # for rows.sh
new_catalog="rm -f $work/catalog.db $work/catalog.db-*"

# Counters: what a command saw, from what it printed.
scanned() {
  jq -r '[.images[]] | "\(map(.counts.files) | add) files, \(map(.counts.digested) | add) hashed, "
    + "\(map(.applications | map(select(.origin == "declared")) | length) | add) packages"'
}
hashed() { jq -r '"\(.files) files hashed"'; }
inspected() { echo "$(grep -c '<application>') packages"; }
fls_lines() { echo "$(grep -cE '^(\++ )?r/r ') files"; }
walkfs_records() { echo "$("${python%/python}/rdump" --csv -F type | grep -c '^.\?file') files"; }
loaded() { echo "$(sqlite3 "$work/loaddb.db" 'SELECT count(*) FROM tsk_files WHERE md5 IS NOT NULL') files hashed"; }
