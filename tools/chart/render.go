package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// release says what is rendered.
type release struct {
	chart, name, namespace string
	values                 []string // files, the later ones go before
}

// templates fills in each file of the chart.
func templates(r release) (map[string]string, error) {
	chart, err := loader.Load(r.chart)
	if err != nil {
		return nil, fmt.Errorf("loading the chart: %w", err)
	}
	values := map[string]any{}
	for _, file := range r.values {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) && !filepath.IsAbs(file) {
			return nil, fmt.Errorf("reading values: %w; go run -C changes the directory: write -f \"$PWD/%s\"", err, file)
		}
		if err != nil {
			return nil, fmt.Errorf("reading values: %w", err)
		}
		var more map[string]any
		if err := yaml.UnmarshalStrict(text, &more); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		values = chartutil.CoalesceTables(more, values)
	}
	options := chartutil.ReleaseOptions{Name: r.name, Namespace: r.namespace, Revision: 1, IsInstall: true}
	scope, err := chartutil.ToRenderValues(chart, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, fmt.Errorf("the values: %w", err)
	}
	rendered, err := engine.Render(chart, scope)
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	return rendered, nil
}

// render writes the chart's objects, as helm template does, in the order of the
// files.
func render(out io.Writer, r release) error {
	rendered, err := templates(r)
	if err != nil {
		return err
	}
	var files []string
	for file, text := range rendered {
		if path.Ext(file) == ".yaml" && strings.TrimSpace(text) != "" {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	for _, file := range files {
		text := strings.TrimPrefix(strings.TrimSpace(rendered[file]), "---")
		if _, err := fmt.Fprintf(out, "---\n# Source: %s\n%s\n", file, strings.TrimSpace(text)); err != nil {
			return err
		}
	}
	return nil
}

var errUsage = errors.New("usage: chart [-n NAMESPACE] [-name RELEASE] [-f VALUES]… [CHART]")
