# shellcheck shell=bash
# Sourced by the builders: the cache folder, stamps, the atomic hand-over, and what several of them do.
#
#   begin NAME OUT_DIR INPUT…    ends the script where NAME was built from the same script and inputs; else makes $work
#   publish FILE…                moves finished files from $work to the cache folder, the stamp last
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg

images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$images/../.." && pwd)
# All times inside images, where a builder can choose them: 2024-01-01.
export SOURCE_DATE_EPOCH=1704067200

# The folder named by the argument, else by VMLINEAGE_FIXTURES, else the default one.
cache_folder() {
  local folder=${1:-${VMLINEAGE_FIXTURES:-$repository/.build/fixtures}}
  mkdir -p "$folder/.stamps" && cd "$folder" && pwd
}

# One digest of the contents of files and folders.
digest_of() {
  find -H "$@" -type f -print0 | sort -z | xargs -0 sha256sum | cut -d ' ' -f 1 | sha256sum | cut -d ' ' -f 1
}

# is_current NAME DIGEST: the stamp holds the digest, then the products, which must all be there.
is_current() {
  local product lines
  mapfile -t lines 2>/dev/null <"$out/.stamps/$1" || return 1
  [[ ${lines[0]:-} == "$2" ]] || return 1
  for product in "${lines[@]:1}"; do [[ -e $out/$product ]] || return 1; done
}

begin() {
  name=$1 out=$(cache_folder "$2") started=$SECONDS
  digest=$(digest_of "$images/${0##*/}" "$images/build.sh" "${@:3}")
  if is_current "$name" "$digest"; then
    echo "$name: there"
    exit 0
  fi
  make_work
}

make_work() {
  work=$(mktemp -d "$out/.making-XXXXXX")
  # shellcheck disable=SC2064 # this folder, whatever $work is by then
  trap "rm -rf '$work'" EXIT
}

publish() {
  local product
  rm -f "$out/.stamps/$name"
  for product; do
    rm -rf "${out:?}/$product"
    mv "$work/$product" "$out/$product"
  done
  printf '%s\n' "$digest" "$@" >"$work/stamp"
  mv "$work/stamp" "$out/.stamps/$name"
  echo "$name: $* ($(cd "$out" && du -ch "$@" | awk 'END { print $1 }'), $((SECONDS - started)) s)"
}

# Runs a command and shows what it printed only where it fails.
quietly() {
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
}

# Owners and device nodes as root would make them, for everyone: as_owner STATE COMMAND…
as_owner() { if ((EUID == 0)); then "${@:2}"; else fakeroot -i "$1" -s "$1" -- "${@:2}"; fi; }

# ext4_disk FOLDER RAW MEBIBYTES [LABEL]: a GPT disk with one ext4 partition at 1 MiB that holds the folder.
ext4_disk() {
  truncate -s "$3M" "$2"
  echo 'start=2048, type=linux' | sfdisk -q -X gpt "$2"
  ext4_at "$1" "$2" 1 $(($3 - 2)) "${4:-}"
}

# ext4_at FOLDER RAW START MEBIBYTES [LABEL]: fills an ext4 file system at START MiB of a raw disk.
ext4_at() {
  touch "$work/owners"
  as_owner "$work/owners" mke2fs -q -t ext4 -L "${5:-}" -E "offset=$(($3 * 1048576)),root_owner=0:0" \
    -d "$1" "$2" "$4M"
}

# convert RAW FORMAT PRODUCT [OPTION…]: the raw disk in another format; the raw disk goes.
convert() {
  qemu-img convert -f raw -O "$2" "${@:4}" "$1" "$work/$3"
  rm "$1"
}

# Debian's archive through apt with a state of its own in the cache folder, so that no root rights are needed and the
# machine's package lists do not count. Sets `apt`: a command prefix.
private_apt() {
  local state=$out/.apt mirror suite
  apt=(apt-get -q -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=-
    -o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache" -o APT::Sandbox::User=root)
  mkdir -p "$state"/{lists,cache/archives}/partial
  # shellcheck disable=SC2016 # the fields are apt's
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' | awk '$1 == "bookworm" { print $2; exit }')
  [[ -n $mirror ]] || { echo "no apt source for Debian 12 (bookworm) on this machine" >&2; exit 2; }
  for suite in bookworm trixie; do
    [[ $suite == trixie ]] || echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done >"$work/sources.list"
  exec {lock}>"$state/lock"
  flock "$lock"
  if ! cmp -s "$work/sources.list" "$state/sources.list" ||
    [[ -z $(find "$state/updated" -mtime -1 2>/dev/null) ]]; then
    cp "$work/sources.list" "$state/sources.list"
    "${apt[@]}" update >/dev/null
    touch "$state/updated"
  fi
  flock -u "$lock"
}
