/// What a partition table says that a partition is for. Its contents decide what it is; this says what they may have been.
///
/// Source: UEFI 2.10, table 5.7; the Discoverable Partitions Specification; gptfdisk, parttypes.cc; Linux, fdisk(8).
package struct PartitionType: Equatable, Sendable {
  /// The GUID in lower case, or the number of an MBR as in `0x83`: what blkid(8) calls `PART_ENTRY_TYPE`.
  package let code: String

  package init(code: String) { self.code = code.lowercased() }

  package init(number: UInt8) { code = "0x" + String(number, radix: 16) }

  /// Nil where it is not one of the common ones.
  package var name: String? { Self.names[code] ?? Self.reservedNames[code] }

  /// Whether no file system is ever in it: room for a boot loader, or what a system keeps for itself.
  package var isReserved: Bool { Self.reservedNames[code] != nil }

  /// Whether it is a part of a Windows dynamic disk, whose volumes need not be where its partitions are.
  package var isDynamicDisk: Bool { code == "0x42" }

  private static let reservedNames: [String: String] = [
    "21686148-6449-6e6f-744e-656564454649": "BIOS boot",
    "e3c9e316-0b5c-4db8-817d-f92df00215ae": "Microsoft reserved",
    "8da63339-0007-60c0-c436-083ac8230908": "Linux reserved",
    "9e1a2d38-c612-4316-aa26-8b49521e5a8b": "PowerPC PReP boot", "0x41": "PowerPC PReP boot",
    "83bd6b9d-7f41-11dc-be0b-001560b84f0f": "FreeBSD boot",
    "6a945a3b-1dd2-11b2-99a6-080020736631": "Solaris reserved",
    "9198effc-31c0-11db-8f78-000c2911d1b8": "VMware reserved",
    "9d275380-40ad-11db-bf97-000c2911d1b8": "VMware core dump", "0xfc": "VMware core dump",
    "2e0a753d-9e48-43b0-8337-b15192cb1b5e": "ChromeOS reserved",
    "c95dc21a-df0e-4340-8d7b-26cbfa9a03e0": "CoreOS reserved",
    "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3": "LDM metadata of a Windows dynamic disk",
  ]

  private static let names: [String: String] = [
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "EFI system", "0xef": "EFI system",
    "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "Microsoft basic data",
    "de94bba4-06d1-4d40-a16a-bfd50179d6ac": "Windows recovery", "0x27": "Windows recovery",
    "af9b60a0-1431-4f62-bc68-3311714a69ad": "LDM data of a Windows dynamic disk", "0x42": "Windows dynamic disk (LDM)",
    "e75caf8f-f680-4cee-afa3-b001e56efc2d": "Microsoft Storage Spaces",
    "0fc63daf-8483-4772-8e79-3d69d8477de4": "Linux file system", "0x83": "Linux",
    "e6d6d379-f507-44c2-a23c-238f2a3df928": "Linux LVM", "0x8e": "Linux LVM",
    "a19d880f-05fc-4d3b-a006-743f0f84911e": "Linux RAID", "0xfd": "Linux RAID",
    "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "Linux swap", "0x82": "Linux swap or Solaris",
    "ca7d7ccb-63ed-4c53-861c-1742536059cc": "Linux LUKS", "7ffec5c9-2d00-49b7-8941-3ea10a5586b7": "Linux dm-crypt",
    "933ac7e1-2eb4-4f13-b844-0e14e2aef915": "Linux /home", "3b8f8425-20e0-4f3b-907f-1a25a76f98e8": "Linux /srv",
    "4d21b016-b534-45c2-a9fb-5c16e091fd2d": "Linux /var", "bc13c2ff-59e6-4262-a352-b275fd6f7172": "Linux extended boot",
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709": "Linux root (x86-64)",
    "44479540-f297-41b2-9af7-d131d5f0458a": "Linux root (x86)",
    "b921b045-1df0-41c3-af44-4c6f280d3fae": "Linux root (ARM64)",
    "8484680c-9521-48c6-9c11-b0720656f69e": "Linux /usr (x86-64)",
    "b0e01050-ee5f-4390-949a-9101b17104e9": "Linux /usr (ARM64)",
    "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5": "Linux root verity (x86-64)",
    "77ff5f63-e7b6-4633-acf4-1565b864c0e6": "Linux /usr verity (x86-64)",
    "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6": "CoreOS /usr", "3884dd41-8582-4404-b9a8-e9b84f2df50e": "CoreOS root",
    "fe3a2a5d-4f32-41a7-b725-accc3285a309": "ChromeOS kernel", "3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec": "ChromeOS root",
    "48465300-0000-11aa-aa11-00306543ecac": "Apple HFS+", "0xaf": "Apple HFS+",
    "7c3457ef-0000-11aa-aa11-00306543ecac": "Apple APFS", "53746f72-6167-11aa-aa11-00306543ecac": "Apple Core Storage",
    "426f6f74-0000-11aa-aa11-00306543ecac": "Apple boot", "0xab": "Apple boot",
    "52414944-0000-11aa-aa11-00306543ecac": "Apple RAID", "55465300-0000-11aa-aa11-00306543ecac": "Apple UFS",
    "0xa8": "Apple UFS",
    "6a898cc3-1dd2-11b2-99a6-080020736631": "Solaris /usr or ZFS",
    "6a85cf4d-1dd2-11b2-99a6-080020736631": "Solaris root",
    "0xbf": "Solaris",
    "aa31e02a-400f-11db-9590-000c2911d1b8": "VMware VMFS", "0xfb": "VMware VMFS",
    "516e7cb4-6ecf-11d6-8ff8-00022d09712b": "FreeBSD", "0xa5": "FreeBSD",
    "516e7cb5-6ecf-11d6-8ff8-00022d09712b": "FreeBSD swap", "516e7cb6-6ecf-11d6-8ff8-00022d09712b": "FreeBSD UFS",
    "516e7cba-6ecf-11d6-8ff8-00022d09712b": "FreeBSD ZFS",
    "824cc7a0-36a8-11e3-890a-952519ad3f61": "OpenBSD", "0xa6": "OpenBSD",
    "49f48d5a-b10e-11dc-b99b-0019d1879648": "NetBSD FFS", "0xa9": "NetBSD",
    "0x1": "FAT", "0x4": "FAT", "0x6": "FAT", "0xb": "FAT", "0xc": "FAT", "0xe": "FAT", "0x7": "NTFS, exFAT or HPFS",
    "0x12": "Compaq recovery", "0x63": "UnixWare", "0x81": "Minix", "0xda": "data without a file system",
    "0xeb": "BeOS",
  ]
}
