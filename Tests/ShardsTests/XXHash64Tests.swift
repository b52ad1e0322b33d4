import Shards
import Testing

@Suite struct XXHash64Tests {
    /// Published values for the seed 0; the file's test in Python compares longer inputs with the
    /// reference library.
    @Test(arguments: [
        ("", "ef46db3751d8e999"), ("a", "d24ec4f1a98c6e5b"), ("abc", "44bc2cf5ad770999"),
        ("xxhash", "32dd38952c4bc720"),
        ("Nobody inspects the spammish repetition", "fbcea83c8a378bf1"),
    ]) func publishedValues(text: String, hash: String) {
        #expect(XXHash64.hex(of: Array(text.utf8)) == hash)
    }

    /// Lengths around the borders of stripes and words, made with xxhsum's library (python-xxhash
    /// 4.1.0).
    @Test(
        arguments: [
            (31, "6ab1c40e29f50073"), (32, "5a0756fbe9ecd3d1"), (33, "dc50cdc37bb9c183"),
            (63, "10dd94885c71894a"), (100, "d248bfc5208b0b16"),
        ] as [(Int, String)]) func borders(count: Int, hash: String)
    { #expect(XXHash64.hex(of: (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + 1) }) == hash) }
}
