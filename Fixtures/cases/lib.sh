# Sourced by every make.sh, which takes the folder that its images are written to. Needs root for loop mounts.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC SOURCE_DATE_EPOCH=1704067200
here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
PROJECT=$(cd "$here/../../.." && pwd)
export PROJECT
mkdir -p "${1:?the folder that images are written to}"; cd "$1"
work=$(mktemp -d ${TMPDIR:-/tmp}/case.XXXXXX)
cleanup() { mountpoint -q "$work/mnt" && umount "$work/mnt"; rm -rf "$work"; }
trap cleanup EXIT
mkdir -p "$work/mnt" "$work/root"
# gpt IMAGE SIZE_MIB "start:sizeMiB:type:label" …   (512-byte sectors)
gpt() { local img=$1 mib=$2 n=0 p; shift 2; rm -f "$img"; truncate -s "${mib}M" "$img"
  for p; do n=$((n+1)); IFS=: read -r s l t name <<<"$p"; sgdisk -n "$n:${s}M:+${l}M" -t "$n:$t" -c "$n:$name" "$img" >/dev/null; done; }
# put IMAGE PART OFFSET_MIB: copies a partition's file into place
put() { dd if="$2" of="$1" bs=1M seek="$3" conv=notrunc,sparse status=none; }
# extfs FILE SIZE_MIB LABEL DIR [mke2fs options]
extfs() { local f=$1 m=$2 l=$3 d=$4; shift 4; rm -f "$f"; truncate -s "${m}M" "$f"; mke2fs -q -t ext4 -F -L "$l" -d "$d" "$@" "$f"; }
# loopfs FILE DIR: copies DIR into a file system that is there
loopfs() { mount -o loop "$1" "$work/mnt"; cp -a "$2/." "$work/mnt/"; sync; umount "$work/mnt"; }
# debian-like skeleton
skeleton() { local r=$1; mkdir -p "$r"/{etc,usr/bin,usr/lib,var/lib,root,tmp,boot,proc,sys,dev,run}; cp /usr/bin/env "$r/usr/bin/env"; ln -sfn usr/bin "$r/bin"; echo 'root:x:0:0:root:/root:/bin/sh' >"$r/etc/passwd"; }
osrel() { local r=$1; shift; printf '%s\n' "$@" >"$r"; }
# rpmdb DIR(dbpath) NAME-VERSION-RELEASE …
rpmdb() { local db=$1 p n v r; shift; mkdir -p "$db" "$work/rpm"; 
  for p; do r=${p##*-}; n=${p%-*}; v=${n##*-}; n=${n%-*}
    printf 'Name: %s\nVersion: %s\nRelease: %s\nSummary: made\nLicense: MIT\nBuildArch: noarch\n%%description\nmade\n%%install\nmkdir -p %%{buildroot}/usr/share/%s\necho %s > %%{buildroot}/usr/share/%s/f\n%%files\n/usr/share/%s/f\n' "$n" "$v" "$r" "$n" "$p" "$n" "$n" >"$work/rpm/$n.spec"
    rpmbuild -bb --define "_topdir $work/rpm" --define "_db_backend sqlite" "$work/rpm/$n.spec" >"$work/rpm/log" 2>&1 || { cat "$work/rpm/log"; return 1; }
  done
  rpm --dbpath "$db" --initdb; rpm --dbpath "$db" -i --justdb --nodeps --force "$work"/rpm/RPMS/*/*.rpm; }
# pydist SITE NAME VERSION
pydist() { mkdir -p "$1/$2-$3.dist-info"; printf 'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' "$2" "$3" >"$1/$2-$3.dist-info/METADATA"; }
# dpkgdb STATUSFILE NAME=VERSION …
dpkgdb() { local f=$1 p; shift; mkdir -p "$(dirname "$f")"; for p; do printf 'Package: %s\nStatus: install ok installed\nPriority: optional\nSection: net\nMaintainer: A <a@example.org>\nArchitecture: amd64\nVersion: %s\nDescription: made\n made\n\n' "${p%%=*}" "${p#*=}"; done >>"$f"; }
