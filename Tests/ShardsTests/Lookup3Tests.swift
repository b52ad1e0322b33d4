import Shards
import Testing

struct Lookup3Tests {
    /// From the end of lookup3.c (Jenkins 2006), driver5.
    @Test func publishedValues() {
        #expect(Lookup3.hash(of: []) == 0xDEAD_BEEF)
        #expect(Lookup3.hash(of: Array("Four score and seven years ago".utf8)[...]) == 0x1777_0551)
    }
}
