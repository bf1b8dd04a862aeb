/// The fixed texts that run inside the appliance. Only numbers are ever put into one, of volumes, devices and subvolumes;
/// names from the guest travel as NUL-separated lists in a file.
enum GuestScript {
  /// Lists a volume into `/list`: ten NUL-terminated fields an entry.
  case list(volume: Int)
  /// Where the files in `/names` lie on their volume, into `/extents`.
  case extents(volume: Int)
  /// What stands on what (disks, partitions, device-mapper targets), and what each holds.
  case devices
  /// Starts what the appliance did not start by itself: arrays and volume groups of which a part is missing, groups that
  /// are handed over to another machine, snapshots that are not activated by default.
  case wake
  /// Mounts file systems.
  case mount([MountRequest])
  /// The first `outlineLength` bytes of each file in `/names`, to the scratch disk.
  case heads(volume: Int)
  /// The last `outlineLength` bytes of each file in `/names`, to the scratch disk.
  case tails(volume: Int)
  /// A tar of the files in `/names`, to the scratch disk.
  case archive(volume: Int)

  /// For messages.
  var name: String {
    switch self {
    case .list: "list files"
    case .extents: "map files"
    case .devices: "find volumes"
    case .wake: "activate volumes"
    case .mount: "mount volumes"
    case .heads: "read first bytes"
    case .tails: "read last bytes"
    case .archive: "read files"
    }
  }

  /// Each answers what its programs said on standard error, at most 16 KiB; the rest of that is read all the same, since a
  /// program that cannot write ends.
  var text: String {
    switch self {
    case .list(let volume):
      // A bound on what a made-up tree can fill the appliance with.
      """
      cd /sysroot/v\(volume) && { find . -xdev -printf \
      '%P\\0%y\\0%s\\0%T@\\0%i\\0%n\\0%m\\0%U\\0%G\\0%l\\0' | head -c \(Self.listBound) > /sysroot/list; } \
      2>&1 | { head -c 16384; cat > /dev/null; }
      """
    case .extents(let volume):
      """
      cd /sysroot/v\(volume) && { xargs -0 -r filefrag -v -b1 -- < /sysroot/names \
      | head -c \(Self.listBound) > /sysroot/extents; } 2>&1 | { head -c 16384; cat > /dev/null; }
      """
    case .devices: Self.devicesText
    case .wake: Self.wakeText
    case .mount(let requests):
      """
      \(Self.mountFunctions)
      { \(requests.map(mounting).joined(separator: "\n"))
      echo K; dmesg | grep -e 'vmlineage mounts [0-9]*$' -e 'recovery complete' -e 'Starting recovery' \\
      -e 'start tree-log replay'; } 2> /dev/null | head -c \(Self.answerBound)
      """
    case .heads(let volume): slices(volume, "head")
    case .tails(let volume): slices(volume, "tail")
    case .archive(let volume):
      """
      cd /sysroot/v\(volume) && { tar --create --format=gnu --hard-dereference --ignore-failed-read --no-recursion \
      --quoting-style=escape --null --files-from=/sysroot/names --blocking-factor=2048 \
      --file=/dev/disk/guestfs/scratch; sync; } 2>&1 | { head -c \(Self.complaintBound); cat > /dev/null; }
      """
    }
  }

  /// Some ten million files.
  static let listBound = 1 << 30
  /// What `devices` and `mount` answer at most; libguestfs takes no more than 4 MiB.
  static let answerBound = 3 << 20
  /// What tar's complaints may take.
  static let complaintBound = 1 << 20
  /// What is told of the subvolumes of one btrfs.
  static let subvolumeBound = 256 << 10

  // blkid -p ends at the first device that it knows nothing on (util-linux 2.38), so each is asked for by itself.
  // Of what the guest wrote, names of logical volumes and what blkid and lvm read are printed, and used for nothing here.
  private static let devicesText = #"""
    i=$(readlink -f /dev/disk/guestfs/image); i=${i##*/}; c=0; p=; k=; l=; u=
    cd /sys/class/block
    { for n in $i $i[0-9]* md* dm-*; do
      [ -e $n ] || continue
      c=$((c + 1)); if [ $c -gt 1024 ]; then echo M; break; fi
      p="$p $n"; read d < $n/dev; read z < $n/size; v=-; s=0
      [ $n = $i ] && echo D $d
      if [ -e $n/partition ]; then read v < $n/../dev; read s < $n/start; fi
      echo B $d $v $s $z $n
      for h in $n/holders/*; do [ -e $h ] && { echo H $d; k="$k $n "; }; done
      if [ -e $n/dm ]; then read -r m < $n/dm/name; read -r v < $n/dm/uuid; printf 'N %s %s %s\n' $d "${v:--}" "$m"; fi
      if [ -e $n/md/degraded ]; then read v < $n/md/degraded; echo A $d $v; fi
    done
    case $p in *dm-*) echo T; dmsetup table ;; esac
    echo I
    for n in $p; do
      # Of a disk with a partition table -p says nothing else.
      q=-p; [ $n = $i ] && for h in $n/$n[0-9]*; do [ -e $h ] && q='-c /dev/null'; done
      x=$(blkid $q -o export /dev/$n); r=$?; b=-
      case $x in
        *"
    TYPE=LVM2_member"*) l=1; case $k in *" $n "*) ;; *) u=1 ;; esac ;;
        *"
    TYPE="*) ;;
        *"
    PTTYPE="*) [ "$n $q" = "$i -p" ] && x="$x
    $(blkid -c /dev/null -o export /dev/$n)" ;;
        *) case $k in *" $n "*) ;; *)
          read z < $n/size; [ $z = 0 ] && z=1; [ $z -gt 2048 ] && z=2048
          cmp -s -n $((z * 512)) /dev/$n /dev/zero && b=+ ;;
          esac ;;
      esac
      printf 'DEVNAME=/dev/%s\nEXIT=%s\nBLANK=%s\n%.2048s\n\n' $n $r $b "$x"
    done
    f='--foreign --shared --noheadings --nosuffix --separator /'
    if [ $l ]; then
      echo L; lvm lvs $f --config 'report{time_format="%s"}' -o \#(LogicalVolume.fields)
      echo S; dmsetup status --target thin-pool
      if [ $u ]; then
        echo G; lvm vgs $f -o vg_uuid,vg_name,vg_exported,vg_missing_pv_count,lv_count
        echo P; lvm pvs $f -o pv_uuid,vg_uuid 2>&1
      fi
    fi; } 2> /dev/null | head -c \#(answerBound)
    """#

  // All of it changes the overlay only. Of two groups with one name the first by id keeps it.
  private static let wakeText = #"""
    f='--foreign --shared --noheadings --nosuffix --separator /'
    { for n in /sys/class/block/md*; do [ -e $n ] && mdadm --run /dev/${n##*/}; done
    mdadm --assemble --scan --run; udevadm settle
    lvm vgs $f -o vg_name,vg_uuid -O vg_name,vg_uuid | { o=; k=0; while IFS=/ read -r n u; do
      [ "$n" = "$o" ] && { k=$((k + 1)); lvm vgrename "$u" vmlineage$k < /dev/null; }
      o=$n
    done; }
    lvm vgimport -a
    c='global{thin_check_executable="" cache_check_executable=""} devices{allow_changes_with_duplicate_pvs=1}'
    lvm vgchange -ay -K --config "$c"
    lvm vgs $f -o vg_systemid | tr -cd 'A-Za-z0-9._\n-' | sort -u | while read -r s; do
      [ "$s" ] && lvm vgchange -ay -K --config "$c global{system_id_source=\"lvmlocal\"} local{system_id=\"$s\"}" < /dev/null
    done
    udevadm settle; } 2>&1 | { head -c 16384; cat > /dev/null; }
    """#

  // A file system that takes longer than this to mount is left out: the others are to be read before the deadline.
  private static let mountFunctions = #"""
    f() { timeout -s KILL 200 mount -o $3 /dev/block/$2 /sysroot/v$1; }
    # What was made for smaller sectors than the disk has is mounted through a loop device, which has those.
    l() { s=$?; [ $s = 137 ] || [ "$(blockdev --getss /dev/block/$2)" = 512 ] && return $s; f $1 $2 $3,loop; }
    m() { mkdir -p /sysroot/v$1; echo "vmlineage mounts $1" > /dev/kmsg
      { f $1 $2 $3 || l $1 $2 $3; } > /said 2>&1; s=$?; k=
      [ $s = 0 ] || { k=$(dmesg | tail -n 1); case $k in *"vmlineage mounts "*) k=$(head -n 1 /said);; esac; }
      [ $s = 137 ] && k='it took longer than 200 s'
      printf 'V %s %s %.500s\n' $1 $s "${k#*] }"; return $s; }
    n() { m $1 $2 $3 && { ntfs-3g.probe --readwrite /dev/block/$2 > /dev/null 2>&1; echo "P $1 $?"; }; }
    t() { m $1 $2 $3 && btrfs subvolume show /sysroot/v$1 | sed -n "/^[[:space:]]*UUID:/s/^/U $1 /p"; }
    b() { t $1 $2 $3 && { btrfs subvolume get-default /sysroot/v$1 | sed "s/^/D $1 /"
      btrfs subvolume list -u -q /sysroot/v$1 > /said; echo "C $1 $(wc -c < /said)"
      head -c \#(subvolumeBound) /said | sed "s/^/S $1 /"
      btrfs subvolume list -s /sysroot/v$1 | head -c \#(subvolumeBound) | sed "s/^/O $1 /"; }; }
    echo on > /proc/sys/kernel/printk_devkmsg
    """#

  private func mounting(_ request: MountRequest) -> String {
    let number = request.device.number
    let place = "\(request.index) \(number.major):\(number.minor)"
    return switch request.device.type {
    case "btrfs": request.subvolume.map { "\($0 == 5 ? "t" : "m") \(place) ro,subvolid=\($0)" } ?? "b \(place) ro"
    case "ntfs": "n \(place) ro"
    // Clones and snapshots share UUIDs, which XFS refuses without this.
    case "xfs": "m \(place) ro,nouuid"
    // Names come out as UTF-8 whatever the kernel's default is.
    case "vfat": "m \(place) ro,utf8"
    case "iso9660": "m \(place) ro,iocharset=utf8"
    default: "m \(place) ro"
    }
  }

  private func slices(_ volume: Int, _ program: String) -> String {
    """
    cd /sysroot/v\(volume) && { xargs -0 -r \(program) -v -c \(outlineLength) -- < /sysroot/names \
    > /dev/disk/guestfs/scratch; sync; } 2>&1 | { head -c 16384; cat > /dev/null; }
    """
  }
}

/// How many bytes of each end of an executable are read to decide whether it is read whole.
package let outlineLength = 4096
