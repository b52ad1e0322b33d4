/// What problems have in common that are one problem seen from another side: two samples of one
/// class must not stand on two sides of a dataset, training, validation and test.
///
/// A problem is what a solver and a network are given, not how it was written down: the source
/// image as it is drawn, that is which sites are sources and the value of each in binary32; the
/// coefficients; and what holds at the sides. So one disk of radius 2 and one of radius 2.1, two
/// sources at one place, and sources in another order are one problem under several ids. Problems
/// are of one class where a reflection or a turn of the lattice, a shift along a pair of periodic
/// sides, or one after the other, carries the one onto the other: image, coefficients and sides.
/// `ProblemClassifier` finds it.
///
/// 122 bits or more that are as good as random: two different classes are equal with a chance of
/// 2⁻¹¹⁴ at most (`ImageSum`, over all pairs of eight symmetries), and any two among 400,000 with
/// 4·10⁻²⁴. It is no defence against someone who looks for two such images.
public struct ProblemClass: Hashable, Sendable {
    /// The bits; they are written nowhere, so they may change with a release.
    let bits: UInt128
}

/// Sums of well-mixed words, which do not depend on the order of what is added.
enum Mixing {
    /// 128 bits from 64, all of which depend on all: two finalisers of the family of MurmurHash3
    /// (Appleby 2011), with the constants of Stafford's variant 13 ("Better bit mixing", 2011) and
    /// those of MurmurHash3 itself.
    @inline(__always) static func mix(_ word: UInt64) -> UInt128 {
        var low = word &+ 0x9E37_79B9_7F4A_7C15
        low = (low ^ low >> 30) &* 0xBF58_476D_1CE4_E5B9
        low = (low ^ low >> 27) &* 0x94D0_49BB_1331_11EB
        low ^= low >> 31
        var high = word ^ 0xC2B2_AE3D_27D4_EB4F
        high = (high ^ high >> 33) &* 0xFF51_AFD7_ED55_8CCD
        high = (high ^ high >> 33) &* 0xC4CE_B9FE_1A85_EC53
        high ^= high >> 33
        return UInt128(high) << 64 | UInt128(low)
    }

    /// 128 bits from 192.
    static func mix(_ word: UInt64, _ value: UInt128) -> UInt128 {
        let low = mix(UInt64(truncatingIfNeeded: value) ^ 0x2545_F491_4F6C_DD1D)
        let high = mix(UInt64(truncatingIfNeeded: value >> 64) &+ 0xD6E8_FEB8_6659_FD93)
        // Each half of the value is mixed with the other's and with the word before they meet.
        let one = mix(
            UInt64(truncatingIfNeeded: low) ^ UInt64(truncatingIfNeeded: high >> 64) &+ word)
        let two = mix(
            UInt64(truncatingIfNeeded: high) ^ UInt64(truncatingIfNeeded: low >> 64) &+ word
                &* 0x9E37_79B9)
        return one &+ (two << 1 | two >> 127)
    }
}
