//go:build !unix

package voice

// lowestDescriptor knows of no limit.
func lowestDescriptor() (free, most uint64) { return 0, 0 }
