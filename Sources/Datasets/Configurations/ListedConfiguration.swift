package import Fields

/// A configuration as the sample stage lists it.
package struct ListedConfiguration: Sendable {
    package let configuration: Configuration
    package let id: SampleID
    /// Its number within its number of sources, from 0.
    package let index: Int

    package init(configuration: Configuration, id: SampleID, index: Int) {
        self.configuration = configuration
        self.id = id
        self.index = index
    }
}
