//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// lock refuses: without flock nothing keeps a second process out.
func lock(*os.Root) (io.Closer, error) {
	return nil, fmt.Errorf("locking a journal on this operating system: %w", errors.ErrUnsupported)
}
