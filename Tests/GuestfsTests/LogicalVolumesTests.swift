import Testing

@testable import Guestfs

// What the script printed in an appliance with LVM 2.03.16, made shorter.
@Suite struct LogicalVolumesTests {
  private let thin = """
    D 8:0
    B 8:0 - 0 614400 sda
    B 8:1 8:0 2048 612319 sda1
    H 8:1
    B 253:1 - 0 327680 dm-1
    H 253:1
    N 253:1 LVM-0lf3iXBrhfcAHQi2GsaEX4JCsqhHLdCZ4iTXvxpehVEeTLZRRlqLvOoqhZw5eLkK-tdata vg_t-pool_tdata
    B 253:2 - 0 327680 dm-2
    H 253:2
    N 253:2 LVM-0lf3iXBrhfcAHQi2GsaEX4JCsqhHLdCZC3uJesJrNevv5bseXcqd0Btc13DYlPtB-tpool vg_t-pool-tpool
    B 253:3 - 0 327680 dm-3
    N 253:3 LVM-0lf3iXBrhfcAHQi2GsaEX4JCsqhHLdCZC3uJesJrNevv5bseXcqd0Btc13DYlPtB-pool vg_t-pool
    B 253:4 - 0 204800 dm-4
    N 253:4 LVM-0lf3iXBrhfcAHQi2GsaEX4JCsqhHLdCZK9h9ZvtPZdVQ2xa3RNCHEeGI2KtdSDRu vg_t-root
    B 253:6 - 0 204800 dm-6
    N 253:6 LVM-0lf3iXBrhfcAHQi2GsaEX4JCsqhHLdCZF1goU0d0WcKhXjf4rxmPKIhR0DQQi9U2 vg_t-earlier
    T
    vg_t-earlier: 0 204800 thin 253:2 3
    vg_t-pool: 0 327680 linear 253:2 0
    vg_t-pool-tpool: 0 327680 thin-pool 253:0 253:1 128 0 0\u{20}
    vg_t-root: 0 204800 thin 253:2 1
    I
    DEVNAME=/dev/dm-3
    EXIT=0
    BLANK=-
    TYPE=ext4
    USAGE=filesystem

    DEVNAME=/dev/dm-4
    EXIT=0
    BLANK=-
    TYPE=ext4
    USAGE=filesystem

    DEVNAME=/dev/dm-6
    EXIT=2
    BLANK=+

    L
      0lf3iX-Brhf-cAHQ-i2Gs-aEX4-JCsq-hHLdCZ/vg_t/earlier/active/Vwi-a-tz-k/thin,sparse/public,snapshot,thinsnapshot//before/pool/1795916013/0
      0lf3iX-Brhf-cAHQ-i2Gs-aEX4-JCsq-hHLdCZ/vg_t/pool/active/twi-aotz--/thin,pool/private////1795916010/0
      0lf3iX-Brhf-cAHQ-i2Gs-aEX4-JCsq-hHLdCZ/vg_t/root/active/Vwi-a-tz--/thin,sparse/public,origin,thinorigin///pool/1795916011/0
    S
    vg_t-pool-tpool: 0 327680 thin-pool 3 113/1024 104/2560 - rw discard_passdown queue_if_no_space - 256\u{20}
    """

  /// A pool begins with what was written first to any volume in it.
  @Test func `a pool is no volume, whatever it begins with`() {
    let report = parseDeviceReport(thin)
    #expect(report.devices.filter(\.isVolume).map(\.name) == ["/dev/vg_t/root"])
    #expect(report.devices.filter(\.isOnTop).map(\.name) == ["/dev/vg_t/earlier", "/dev/vg_t/root"])
    #expect(report.devices.filter(\.isBlank).map(\.name) == ["/dev/vg_t/earlier"])
    #expect(report.groups.foreignPools.isEmpty && !report.isAsleep)
  }

  @Test func `a snapshot names its origin and when it was made`() {
    let volumes = parseDeviceReport(thin).groups.volumes
    #expect(volumes.map(\.name) == ["/dev/vg_t/earlier", "/dev/vg_t/root"])
    #expect(volumes.map(\.origin) == ["/dev/vg_t/before", nil])
    #expect(volumes.first?.created == 1_795_916_013)
  }

  @Test func `a pool that holds blocks and no volume is told`() {
    let pool = thin.split(separator: "\n").filter { !$0.contains("/thin,sparse/") }.joined(separator: "\n")
    #expect(parseDeviceReport(pool).groups.foreignPools == ["/dev/vg_t/pool"])
    let empty = pool.replacing("104/2560", with: "0/2560")
    #expect(parseDeviceReport(empty).groups.foreignPools.isEmpty)
    // Without a volume lvm activates the pool itself.
    #expect(parseDeviceReport(empty.replacing("vg_t-pool-tpool: 0", with: "vg_t-pool: 0")).groups.foreignPools.isEmpty)
  }

  @Test func `tells which volumes of a group are whole where a part is missing`() {
    let text = """
      D 8:0
      B 8:0 - 0 614400 sda
      I
      L
        wGM6cb-ZA4Q-5WOJ-NqMk-P3ng-HLf9-utCMw6/vg_m/opt/active/rwi-a-r-p-/raid,raid1/public/partial///1795910793/1
        wGM6cb-ZA4Q-5WOJ-NqMk-P3ng-HLf9-utCMw6/vg_m/root//-wi-------/linear/public////1795910791/1
        wGM6cb-ZA4Q-5WOJ-NqMk-P3ng-HLf9-utCMw6/vg_m/stripes//-wi-----p-/striped/public/partial///1795910792/1
      S
      No devices found
      G
        wGM6cb-ZA4Q-5WOJ-NqMk-P3ng-HLf9-utCMw6/vg_m//1/3
        TfXBpD-1QTM-sHYj-qrfm-IbrA-gdjk-2aIE7e/vg_e/exported/0/1
      P
        WARNING: VG vg_m is missing PV c8WTiv-iTEO-Q0Ra-tJRh-NfMg-uSTE-BnWDj6 (last written to /dev/sdd1).
        ptvDRh-8OfX-lnOz-EWsh-SksJ-iW4k-casMtv/wGM6cb-ZA4Q-5WOJ-NqMk-P3ng-HLf9-utCMw6
        CiAF5Q-93cT-gzJG-7Wtc-3qCQ-GXCr-R3JILS/
      """
    let groups = parseDeviceReport(text).groups
    #expect(
      groups.volumes.map(\.isActive) == [true, false, false] && groups.volumes.map(\.isPartial) == [true, false, true])
    #expect(
      groups.groups == [
        .init(name: "vg_m", missing: 1), .init(name: "vg_e", missing: 0, isExported: true),
      ])
    #expect(groups.physical["ptvDRh-8OfX-lnOz-EWsh-SksJ-iW4k-casMtv"] == .ofGroup("vg_m"))
    #expect(groups.physical["CiAF5Q-93cT-gzJG-7Wtc-3qCQ-GXCr-R3JILS"] == .ofNone)
    #expect(groups.complaints.count == 1 && groups.areAsleep)
  }

  @Test func `two groups with one name have names of their own, also when one was renamed`() {
    let before = """
      D 8:0
      I
      L
        kd4Z4v-XKO8-cdrU-3XIh-7PNc-2JaY-TokKuN/vg/root//-wi-------/linear/public////1795916027/0
        xHqbkW-wgKI-PZja-azup-GeNQ-CSmO-ubNTCs/vg/root//-wi-------/linear/public////1795916029/0
      """
    let first = parseDeviceReport(before)
    #expect(first.groups.volumes.map(\.name) == ["/dev/vg#2/root", "/dev/vg/root"] && first.isAsleep)
    let after = """
      D 8:0
      B 253:0 - 0 204800 dm-0
      N 253:0 LVM-xHqbkWwgKIPZjaazupGeNQCSmOubNTCsUgv2yk0CxsgJS7jUK9CTKXNR0ceeCn3c vmlineage1-root
      B 253:1 - 0 204800 dm-1
      N 253:1 LVM-kd4Z4vXKO8cdrU3XIh7PNc2JaYTokKuNHyAM2JBGxavvjpKZoy0Ykc9IgQfKHKM0 vg-root
      T
      vg-root: 0 204800 linear 8:1 2048
      I
      L
        kd4Z4v-XKO8-cdrU-3XIh-7PNc-2JaY-TokKuN/vg/root/active/-wi-a-----/linear/public////1795916027/0
        xHqbkW-wgKI-PZja-azup-GeNQ-CSmO-ubNTCs/vmlineage1/root/active/-wi-a-----/linear/public////1795916029/0
      """
    let second = parseDeviceReport(after, names: first.groups.names)
    #expect(second.devices.map(\.name) == ["/dev/vg#2/root", "/dev/vg/root"] && !second.isAsleep)
    #expect(second.groups.volumes.map(\.name) == ["/dev/vg#2/root", "/dev/vg/root"])
  }

  @Test func `says that there are more devices, and which arrays were not started`() {
    let report = parseDeviceReport("D 8:0\nB 8:0 - 0 100 sda\nH 8:0\nB 9:127 - 0 0 md127\nA 9:127 1\nM\nI\n")
    #expect(report.isCut && report.isAsleep)
    #expect(report.devices.map(\.isStopped) == [false, true] && report.devices.map(\.missingMembers) == [0, 1])
  }
}
