package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// keptFor is how long finished incidents are kept unless Options say otherwise.
const keptFor = 90 * 24 * time.Hour

// Options say where a journal is.
type Options struct {
	Directory    string        // made if there is none; no other process may use it
	KeepFinished time.Duration // before Prune deletes them; 0 means 90 days
	Log          *slog.Logger  // nil means none
}

// Journal is a [bot.Store] that outlives the process. It is safe for use by
// several goroutines.
type Journal struct {
	keeper   keeper
	cleaner  cleaner
	log      *slog.Logger
	keep     time.Duration
	troubles []error
	close    func() error
}

var _ bot.Store = (*Journal)(nil)

// Open takes the journal in the directory for this process, until Close. It
// looks into every incident that is not known to be finished; see
// [Journal.Troubles] for those it could not read. Its error is a *LockedError
// while another process uses the directory.
func Open(o Options) (*Journal, error) {
	j, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	return j, nil
}

func open(o Options) (*Journal, error) {
	if o.Directory == "" {
		return nil, errors.New("no directory is named")
	}
	if o.KeepFinished < 0 {
		return nil, fmt.Errorf("finished incidents cannot be kept for %s", o.KeepFinished)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := makeDirectory(filepath.Clean(o.Directory)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(o.Directory)
	if err != nil {
		return nil, err
	}
	held, err := lock(root)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	k, err := newDirectory(rootDisk{root}, o.Log)
	if err != nil {
		return nil, errors.Join(err, held.Close(), root.Close())
	}
	j := newJournal(k, o)
	j.close = func() error {
		k.Close()
		return errors.Join(root.Close(), held.Close())
	}
	j.survey(context.Background())
	return j, nil
}

func newJournal(k *directory, o Options) *Journal {
	if o.KeepFinished == 0 {
		o.KeepFinished = keptFor
	}
	return &Journal{keeper: k, cleaner: k, log: o.Log, keep: o.KeepFinished, close: func() error { return nil }}
}

// makeDirectory makes a directory and those above it, and makes their names
// outlive a loss of power.
func makeDirectory(name string) error {
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	above := filepath.Dir(name)
	if err := makeDirectory(above); err != nil {
		return err
	}
	if err := os.Mkdir(name, folderMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	root, err := os.OpenRoot(above)
	if err != nil {
		return err
	}
	k := directory{disk: rootDisk{root}}
	return errors.Join(k.sync(top), root.Close())
}

// survey looks into everything that may have to be attended to.
func (j *Journal) survey(ctx context.Context) {
	ids, err := j.Unfinished(ctx)
	if err != nil {
		j.troubles = append(j.troubles, err)
	}
	for _, id := range ids {
		i, version, err := j.Load(ctx, id)
		if err == nil && entryOf(i).done() {
			// A crash came between its end and its way to the archive.
			_, err = j.Save(ctx, i, version)
		}
		if err != nil {
			j.log.Error("could not read an incident", "incident", id, "err", err)
			j.troubles = append(j.troubles, err)
		}
	}
	if _, err := j.Prune(ctx, time.Now()); err != nil {
		j.log.Warn("could not delete old incidents", "err", err)
	}
}

// Troubles returns what Open could not read, sorted by incident: *CorruptError
// for what it set aside, *FormError for what another version of pullfix wrote,
// and errors of the disk.
func (j *Journal) Troubles() []error { return slices.Clone(j.troubles) }

// Close waits for the work under way and gives the directory to others.
// Afterwards everything returns ErrClosed.
func (j *Journal) Close() error {
	if err := j.close(); err != nil {
		return fmt.Errorf("closing the journal: %w", err)
	}
	return nil
}

// Load returns the incident and its version. Its errors are bot.ErrNoIncident,
// a *CorruptError, a *FormError, or one of the disk. A [bot.Place] comes back
// without its Reply, which is not stored.
func (j *Journal) Load(ctx context.Context, id string) (bot.Incident, bot.Version, error) {
	if checkID(id) != nil {
		return bot.Incident{}, "", fmt.Errorf("incident %q: %w", id, bot.ErrNoIncident)
	}
	body, version, err := j.keeper.Read(ctx, id)
	if errors.Is(err, errAbsent) {
		return bot.Incident{}, "", fmt.Errorf("incident %s: %w", id, bot.ErrNoIncident)
	}
	if err != nil {
		return bot.Incident{}, "", fmt.Errorf("loading incident %s: %w", id, err)
	}
	i, err := decode(id, body)
	if _, ok := errors.AsType[*FormError](err); ok {
		return bot.Incident{}, "", err
	}
	if err != nil {
		return j.setAside(ctx, id, version, err)
	}
	return i, bot.Version(version), nil
}

// setAside puts a corrupt document where it does no harm and can be found.
func (j *Journal) setAside(ctx context.Context, id, version string, why error) (bot.Incident, bot.Version, error) {
	where, err := j.cleaner.SetAside(ctx, id, version)
	if errors.Is(err, errMoved) {
		return j.Load(ctx, id) // somebody else was first
	}
	corrupt := &CorruptError{ID: id, Kept: where, Err: errors.Join(why, err)}
	j.log.Error("a corrupt incident", "incident", id, "kept", where, "err", corrupt.Err)
	return bot.Incident{}, "", corrupt
}

// Save writes the incident if the stored version is still the expected one, ""
// for a new incident; else bot.ErrConflict. When it returns without an error
// the document outlives a crash and a loss of power. After an error of the disk
// the stored document is whole: the old one or, rarely, the new one.
func (j *Journal) Save(ctx context.Context, i bot.Incident, expected bot.Version) (bot.Version, error) {
	if err := checkID(i.ID); err != nil {
		return "", fmt.Errorf("saving an incident: %w", err)
	}
	body, err := encode(i)
	if err != nil {
		return "", err
	}
	version, err := j.keeper.Write(ctx, document{entry: entryOf(i), body: body}, string(expected))
	if errors.Is(err, errMoved) {
		return "", fmt.Errorf("saving incident %s: %w", i.ID, bot.ErrConflict)
	}
	if err != nil {
		return "", fmt.Errorf("saving incident %s: %w", i.ID, err)
	}
	return bot.Version(version), nil
}
