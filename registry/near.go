package registry

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	edlib "github.com/hbollon/go-edlib"
)

// nearest returns the tags that want may be a slip of, best first, at most
// five, and how many of them, from the last, do not really look like it. Where
// none does these are latest and the newest versions.
func nearest(want string, tags []string) (near []string, unlike int) {
	type ranked struct {
		tag     string
		cost    int
		version version
	}
	wanted := parseVersion(want)
	list := make([]ranked, 0, len(tags))
	for _, tag := range tags {
		v := parseVersion(tag)
		list = append(list, ranked{tag: tag, version: v, cost: distance(spelled{want, wanted}, spelled{tag, v})})
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), compareVersions(b.version, a.version), cmp.Compare(a.tag, b.tag))
	})
	for _, r := range list {
		if len(near) < mostNear && !slices.Contains(near, r.tag) {
			near = append(near, r.tag)
			if r.cost > costAlike {
				unlike++
			}
		}
	}
	return near, unlike
}

// Costs, in tenths of an edit.
const (
	costEdit      = 10
	costPrefixV   = 1  // v1.2.3 for 1.2.3
	costSuffix    = 15 // 1.2.3-alpine for 1.2.3
	costMinor     = 20
	costMajor     = 40
	costAlike     = 80 // the most at which one tag may have been meant for the other
	costPatch     = 9  // the most that patch versions are apart
	costLatest    = 999
	costUnlike    = 1000
	mostCompared  = 64 // letters of a tag
	mostComponent = 9  // digits of a version's number
)

type spelled struct {
	tag     string
	version version
}

// distance is how unlikely it is that one tag was meant and the other written.
func distance(a, b spelled) int {
	left, right := strings.ToLower(clip(a.tag)), strings.ToLower(clip(b.tag))
	if strings.TrimPrefix(left, "v") == strings.TrimPrefix(right, "v") {
		return costPrefixV
	}
	edits := edlib.OSADamerauLevenshteinDistance(left, right) // swapped neighbours are one
	cost := edits * costEdit
	both := len(a.version.numbers) > 0 && len(b.version.numbers) > 0
	switch {
	case both && slices.Equal(a.version.numbers, b.version.numbers):
		return min(cost, costSuffix)
	case both:
		return cost + versionCost(a.version.numbers, b.version.numbers)
	case edits*3 > max(len(left), len(right))*2:
		if right == "latest" {
			return costLatest
		}
		return costUnlike
	}
	return cost
}

func clip(tag string) string { return tag[:min(len(tag), mostCompared)] }

// versionCost weighs the first number that differs.
func versionCost(a, b []int) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		switch i {
		case 0:
			return costMajor
		case 1:
			return costMinor + min(max(a[i]-b[i], b[i]-a[i]), costPatch)
		}
		return min(max(a[i]-b[i], b[i]-a[i]), costPatch)
	}
	if min(len(a), len(b)) < 2 {
		return costMinor + costPatch // 1 for 1.4
	}
	return costPatch // 1.4 for 1.4.2
}

// version is the numeric beginning of a tag.
type version struct{ numbers []int }

func parseVersion(tag string) version {
	rest := strings.TrimPrefix(strings.TrimPrefix(tag, "v"), "V")
	var v version
	for len(v.numbers) < 4 {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits > mostComponent {
			break
		}
		n, err := strconv.Atoi(rest[:digits])
		if err != nil {
			break
		}
		v.numbers = append(v.numbers, n)
		if rest = rest[digits:]; !strings.HasPrefix(rest, ".") {
			break
		}
		rest = rest[1:]
	}
	return v
}

func compareVersions(a, b version) int { return slices.Compare(a.numbers, b.numbers) }
