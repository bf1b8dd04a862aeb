# shellcheck shell=bash disable=SC2154 # sourced by scripts/bench
# What the benchmark needs: the program, the peers, and a description of all of it and of the machine.

debian_peers=(gcc-mingw-w64-x86-64 guestfs-tools hyperfine jq libnbd-dev libssl-dev libtsk-dev ntfs-3g pkg-config
  python3-venv qemu-utils sleuthkit sqlite3)

set_up() {
  if [[ -z ${VMLINEAGE:-} ]]; then
    scripts/setup
    scripts/build
  fi
  install_debian
  install_pypi
  local probe=$work/probe
  if [[ ! $probe -nt $peers/probe.c ]]; then
    # shellcheck disable=SC2046 # words
    cc -O2 -Wall -o "$probe" "$peers/probe.c" $(pkg-config --cflags --libs libnbd libcrypto) -ltsk
  fi
}

install_debian() {
  local missing=() package
  for package in "${debian_peers[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "bench: installs with apt: ${missing[*]}"
  local root=()
  ((EUID == 0)) || root=(sudo)
  "${root[@]}" apt-get -q update >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}" >/dev/null
}

install_pypi() {
  local folder=${python%/bin/python}
  cmp -s "$peers/python-packages.txt" "$folder/packages.txt" && return
  echo "bench: installs Python peers into $folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" -q --disable-pip-version-check install -r "$peers/python-packages.txt"
  cp "$peers/python-packages.txt" "$folder/packages.txt"
}

version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo none; }

# The commit that was built; of a program given by VMLINEAGE only its digest is known.
own_version() {
  if [[ -z ${VMLINEAGE:-} ]]; then git describe --always --dirty; else echo "SHA-256 $(sha256sum "$vmlineage" | cut -c 1-12)"; fi
}

# The machine and the versions of everything that was compared, as JSON.
machine() {
  jq -n --arg cpu "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)" --argjson cores "$(nproc)" \
    --argjson memory "$(awk '/MemTotal/ { printf "%d", $2 / 1024 }' /proc/meminfo)" \
    --arg kernel "$(uname -r)" --arg system "$(. /etc/os-release && echo "$PRETTY_NAME")" --arg date "$(date +%F)" \
    --arg vmlineage "$(own_version)" \
    --arg guestfs "$(version guestfs-tools)" --arg libguestfs "$(version libguestfs0)" \
    --arg sleuthkit "$(version sleuthkit)" --arg libtsk "$(version libtsk19)" --arg qemu "$(version qemu-utils)" \
    --arg python "$("$python" --version)" --rawfile pypi "$peers/python-packages.txt" '{
      cpu: $cpu, cores: $cores, memory_mib: $memory, kernel: $kernel, system: $system, date: $date, vmlineage: $vmlineage,
      peers: ({"guestfs-tools": $guestfs, "libguestfs": $libguestfs, "sleuthkit": $sleuthkit, "libtsk": $libtsk,
        "qemu": $qemu, "Python": ($python | ltrimstr("Python "))}
        + ($pypi | split("\n") | map(select(. != "") | split("==") | {(.[0]): .[1]}) | add))}'
}
