# shellcheck shell=bash disable=SC2154 # sourced by scripts/bench
# The rows: what is compared with what, and the ratio that is aimed at on two cores.

inspector() { side inspector-debian virt-inspector inspected "virt-inspector --format=qcow2 -a $(debian)"; }

row_declared() {
  inspector
  side declared vmlineage scanned "$(scan direct "$(index debian "$fixtures/debian.files")" --only declared "$(debian)")" \
    "$new_catalog"
  row declared "operating system and declared packages only, Debian, direct" declared inspector-debian 0.01
}

row_debian() {
  inspector
  side debian vmlineage scanned "$(scan direct "$(index debian "$fixtures/debian.files")" "$(debian)")" "$new_catalog"
  row debian "one Debian qcow2, inventory and claims, direct" debian inspector-debian 0.05
}

row_rpm() {
  # It fails at this RPM database (rpmtsInitIterator), so it is spared the packages; we read them.
  side inspector-rpm "virt-inspector without packages" inspected \
    "virt-inspector --no-applications --format=qcow2 -a $(rpm_image)"
  side rpm vmlineage scanned "$(scan direct "$(index rpm "$fixtures/rpm.files")" "$(rpm_image)")" "$new_catalog"
  row rpm "one image with RPM, XFS on LVM, direct" rpm inspector-rpm 0.05
}

row_appliance() {
  inspector
  side appliance vmlineage scanned "$(scan appliance "$(index debian "$fixtures/debian.files")" "$(debian)")" \
    "$new_catalog"
  row appliance "the Debian image, appliance" appliance inspector-debian 0.8
}

# digests NAME IMAGE [ARGUMENT…]: our side of a row where every file is hashed.
digests() {
  side "digests-$1" vmlineage scanned \
    "$(scan direct "$(index debian "$fixtures/debian.files")" --digests all "${@:3}" "$2")" "$new_catalog"
}

row_probe() {
  side probe "probe: qemu-nbd, libtsk, SHA-256" hashed "$work/probe qcow2 $(debian)"
  digests qcow2 "$(debian)"
  row probe "every file digested, Debian qcow2, direct" digests-qcow2 probe 0.7
}

row_digests_raw() {
  local image
  image=$(debian_as raw)
  side loaddb-raw "tsk_loaddb -h (MD5)" loaded "tsk_loaddb -h -d $work/loaddb.db $image" "rm -f $work/loaddb.db"
  side dfvfs-raw dfvfs hashed "$python $peers/dfvfs-digest $image"
  side dissect-raw dissect hashed "$python $peers/dissect-digest $image"
  digests raw "$image" --image-format raw
  row digests-raw "every file digested, raw, direct" digests-raw loaddb-raw 1 dfvfs-raw 1 dissect-raw 0.15
}

row_digests_vhdx() {
  local image
  image=$(debian_as vhdx)
  side dfvfs-vhdx dfvfs hashed "$python $peers/dfvfs-digest $image"
  side dissect-vhdx dissect hashed "$python $peers/dissect-digest $image"
  digests vhdx "$image"
  row digests-vhdx "every file digested, VHDX, direct" digests-vhdx dfvfs-vhdx 1 dissect-vhdx 0.15
}

row_ntfs() {
  local image query=${python%/python}/target-query
  image=$(ntfs_image)
  side fls "fls -r" fls_lines "fls -r -o 2048 $image"
  # It walks the volume twice, as c: and as sysvol.
  side walkfs "target-query -f walkfs" walkfs_records "$query -q -f walkfs $image"
  side ntfs vmlineage scanned "$(scan direct "$(index ntfs "${image%.vhd}.files")" "$image")" "$new_catalog"
  row ntfs "NTFS VHD, 20,000 files and a registry, direct" ntfs fls 3 walkfs 1
}

row_eight() {
  eight_inspectors
  side eight vmlineage scanned "$(scan direct "$(index debian "$fixtures/debian.files")" "$(eight)")" "$new_catalog"
  row eight "eight Debian images, direct" eight inspectors-serial 0.03 inspectors-two 0.06
}

row_eight_appliance() {
  eight_inspectors
  side eight-appliance vmlineage scanned \
    "$(scan appliance "$(index debian "$fixtures/debian.files")" "$(eight)")" "$new_catalog"
  row eight-appliance "eight Debian images, appliance" eight-appliance inspectors-serial 0.45 inspectors-two 0.9
}

eight_inspectors() {
  local one="virt-inspector --format=qcow2 -a"
  side inspectors-serial "eight virt-inspector, one after the other" inspected "printf '%s\\n' $(eight)/* | xargs -n 1 $one"
  side inspectors-two "eight virt-inspector, two at once" inspected "printf '%s\\n' $(eight)/* | xargs -P 2 -n 1 $one"
}

row_unchanged() {
  local command
  command=$(scan direct "$(index debian "$fixtures/debian.files")" "$(two_hundred)")
  side first "the first scan" scanned "$command" "$new_catalog"
  side second vmlineage scanned "$command"
  row unchanged "second scan of a folder of 200 images, unchanged" second first 0.01
}
