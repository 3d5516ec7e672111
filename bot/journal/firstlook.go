package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// firstLooks is the file that says since when each cluster is looked at. It is
// no incident, and its name is none that an incident could have.
const firstLooks = "first-looks"

// firstLookBytes bounds that file: a line a cluster.
const firstLookBytes = 1 << 20

// FirstLook returns when a cluster was first looked at, which is now when it is
// not on record: then it is put there. What failed before is no news.
func (j *Journal) FirstLook(cluster string, now time.Time) (time.Time, error) {
	k, ok := j.keeper.(*directory)
	if !ok {
		return time.Time{}, ErrReadOnly
	}
	at, err := k.firstLook(cluster, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("the first look at cluster %q: %w", cluster, err)
	}
	return at, nil
}

func (k *directory) firstLook(cluster string, now time.Time) (time.Time, error) {
	k.looks.Lock()
	defer k.looks.Unlock()
	all, err := k.readFirstLooks()
	if err != nil {
		return time.Time{}, err
	}
	if at, known := all[cluster]; known {
		return at, nil
	}
	all[cluster] = now.UTC()
	body, err := json.Marshal(all)
	if err != nil {
		return time.Time{}, err
	}
	if err := k.create(firstLooks+".new", body); err != nil {
		return time.Time{}, err
	}
	if err := k.disk.Rename(firstLooks+".new", firstLooks); err != nil {
		return time.Time{}, fmt.Errorf("writing it: %w", err)
	}
	return all[cluster], k.sync(top)
}

// readFirstLooks reads the file. One that makes no sense counts for none: then
// what fails now is told in a digest once more, and pages nobody.
func (k *directory) readFirstLooks() (map[string]time.Time, error) {
	all := make(map[string]time.Time)
	f, err := k.disk.Open(firstLooks, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening it: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(f, firstLookBytes))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		k.log.Warn("the record of first looks makes no sense; it begins anew", "err", err)
		return make(map[string]time.Time), nil
	}
	return all, nil
}
