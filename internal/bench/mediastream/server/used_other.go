//go:build !unix

package main

import "errors"

// used fails: CPU time is measured on Unix alone.
func used() (user, system int64, err error) { return 0, 0, errors.ErrUnsupported }
