#!/bin/bash
# Groups of logical volumes in the states that disks are found in: with snapshots, with a part missing, with the name that
# another one has, handed over to another machine, damaged; and one half of a mirrored array. One appliance makes all.
. "$(dirname "$0")/../lib.sh"
[[ ${VMLINEAGE_TEST_ALL:-} ]] || exit 0
# system NAME RELEASE: a tar of a root whose openssl has that release
system() { local root=$work/$1-$2; skeleton "$root"
  osrel "$root/etc/os-release" 'ID="rhel"' 'VERSION_ID="8.9"' 'PRETTY_NAME="Red Hat Enterprise Linux 8.9 (Ootpa)"'
  echo "$1" >"$root/etc/hostname"; rm -rf "$work/rpm"; rpmdb "$root/var/lib/rpm" "openssl-1.1.1k-$2"
  tar -C "$root" -cf "$work/$1-$2.tar" .; }
system old-host 9.el8; system new-host 12.el8; system other-host 12.el8
mkdir -p "$work/opt/app/lib/python3.9/site-packages"; pydist "$work/opt/app/lib/python3.9/site-packages" requests 2.31.0; tar -C "$work/opt" -cf "$work/opt.tar" .
cat >"$work/script" <<'SH'
exec 2>&1
set -x
cd /sysroot
parts() { local disk=$1 n=0 size; shift; for size; do n=$((n + 1)); sgdisk -n "$n:0:$size" "$disk"; done; udevadm settle; }
part() { parts "$1" 0; }
fill() { mkfs.ext4 -q "$1"; change "$@"; }
change() { mkdir -p /m; mount "$1" /m; tar -C /m -xf "$2.tar"; umount /m; }
lv() { local command=$1; shift; lvm "$command" -y "$@"; }

# classic: a snapshot from before an update
part /dev/sda; lv vgcreate vg_c /dev/sda1
lv lvcreate -L 100M -n root vg_c; fill /dev/vg_c/root old-host-9.el8
lv lvcreate -s -L 60M -n before vg_c/root; change /dev/vg_c/root new-host-12.el8

# thin: the same, and a snapshot of the snapshot
part /dev/sdb; lv vgcreate vg_t /dev/sdb1
lv lvcreate -L 160M -T vg_t/pool; lv lvcreate -V 100M -T vg_t/pool -n root; fill /dev/vg_t/root old-host-9.el8
lv lvcreate -s -n before vg_t/root; lv lvcreate -s -n earlier vg_t/before; change /dev/vg_t/root new-host-12.el8

# whole and half: one group on two disks; the first has the root
part /dev/sdc; part /dev/sdd; lv vgcreate vg_m /dev/sdc1 /dev/sdd1
lv lvcreate -L 100M -n root vg_m /dev/sdc1; fill /dev/vg_m/root new-host-12.el8
lv lvcreate -i 2 -L 100M -n stripes vg_m; mkfs.ext4 -q /dev/vg_m/stripes
lv lvcreate --type raid1 -m 1 -L 40M -n opt vg_m; fill /dev/vg_m/opt opt

# twins: two groups of one name, as where a partition of another machine was copied beside one's own
parts /dev/sde +140M 0
n=1; for host in new-host-12.el8 other-host-12.el8; do
  lv vgcreate "vg_$n" "/dev/sde$n"; lv lvcreate -L 100M -n root "vg_$n"; fill "/dev/vg_$n/root" "$host"; lvm vgchange -an "vg_$n"
  lvm vgrename --config "devices{filter=[\"a|/dev/sde$n\$|\",\"r|.*|\"]}" "vg_$n" vg; n=$((n + 1)); done

# away: handed over to another machine, by export and by a system id
parts /dev/sdf +140M 0; lv vgcreate vg_e /dev/sdf1; lv vgcreate vg_s /dev/sdf2
lv lvcreate -L 100M -n root vg_e; fill /dev/vg_e/root new-host-12.el8
lv lvcreate -L 60M -n opt vg_s; fill /dev/vg_s/opt opt
lvm vgchange -an vg_e; lvm vgexport vg_e; lvm vgchange -an vg_s
lvm vgchange -y --config 'local{extra_system_ids=["elsewhere"]}' --systemid elsewhere vg_s

# array: one of two disks of an array, with a group in it
part /dev/sdg; part /dev/sdh
yes | mdadm --create /dev/md/one --run --level=1 --metadata=1.2 --raid-devices=2 --assume-clean /dev/sdg1 /dev/sdh1
lv vgcreate vg_a /dev/md/one; lv lvcreate -L 100M -n root vg_a; fill /dev/vg_a/root new-host-12.el8
lvm vgchange -an vg_a; mdadm --stop /dev/md/one

# kinds: others than those of 16-lvm-kinds
parts /dev/sdi +95M +95M 0; lv vgcreate vg_k /dev/sdi1 /dev/sdi2 /dev/sdi3
lv lvcreate --type raid5 -i 2 -L 64M -n root vg_k; fill /dev/vg_k/root new-host-12.el8
lv lvcreate --type mirror --mirrorlog core -m 1 -L 12M -n opt vg_k; fill /dev/vg_k/opt opt
lv lvcreate -L 12M -n data vg_k; lv lvcreate -L 12M -n fast vg_k
lvm lvchange -an vg_k/fast; lv lvconvert --type writecache --cachevol fast vg_k/data; mkfs.ext4 -q /dev/vg_k/data

# merging: a snapshot is to be merged into its origin when that is used next
part /dev/sdj; lv vgcreate vg_g /dev/sdj1
lv lvcreate -L 100M -n root vg_g; fill /dev/vg_g/root old-host-9.el8
lv lvcreate -s -L 60M -n before vg_g/root; change /dev/vg_g/root new-host-12.el8
mkdir -p /m; mount /dev/vg_g/root /m; lv lvconvert --merge vg_g/before; umount /m

# layers: a container engine's pool, with a thin volume that lvm knows nothing of
part /dev/sdk; lv vgcreate vg_d /dev/sdk1
lv lvcreate -L 100M -n root vg_d; fill /dev/vg_d/root new-host-12.el8; lv lvcreate -L 60M -T vg_d/docker-pool
dmsetup message vg_d-docker--pool 0 "create_thin 0"
dmsetup create layer --table "0 40960 thin /dev/mapper/vg_d-docker--pool 0"; mkfs.ext4 -q /dev/mapper/layer; dmsetup remove layer

lvm vgs --foreign --shared -o vg_name,vg_uuid,vg_systemid,vg_exported
lvm lvs -a -o vg_name,lv_name,lv_layout,lv_role,origin,lv_active
sync
SH
disks=(classic thin whole half twins away array other-half kinds merging layers)
for disk in "${disks[@]}"; do truncate -s 300M "$work/$disk.raw"; done
LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg guestfish --format=raw $(printf -- "-a $work/%s.raw " "${disks[@]}") <<GF
run
debug sh "mount -t tmpfs none /sysroot"
upload $work/script /script
$(for tar in old-host-9.el8 new-host-12.el8 other-host-12.el8 opt; do echo "upload $work/$tar.tar /$tar.tar"; done)
debug sh "sh /sysroot/script"
GF
rm "$work/other-half.raw"; unset "disks[7]"
for disk in "${disks[@]}"; do qemu-img convert -O qcow2 "$work/$disk.raw" "$disk.qcow2"; done
