package slack

import (
	"context"
	"time"
)

// Scene lets something happen outside of the workspace, for the page to offer: a
// night passes, a registry comes back. The sentence it returns is shown.
type Scene func(ctx context.Context) (string, error)

// sceneWithin bounds a scene.
const sceneWithin = 20 * time.Second

// SetScene adds a scene, or replaces the one of that name.
func (w *Workspace) SetScene(name string, s Scene) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scenes[name] = s
}

func (w *Workspace) controlScene(raw []byte) (object, error) {
	body, err := take[struct {
		Name string `json:"name"`
	}](raw)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	act, ok := w.scenes[body.Name]
	w.mu.Unlock()
	if !ok {
		return nil, refuse("no_such_scene")
	}
	ctx, cancel := context.WithTimeout(context.Background(), sceneWithin)
	defer cancel()
	said, err := act(ctx)
	if err != nil {
		return nil, err
	}
	return object{"text": said}, nil
}
