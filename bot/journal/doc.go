// Package journal keeps incidents, so that what was recorded outlives the
// process, and a change that began is known to have begun. Each incident is one
// versioned JSON document over a keeper of named bytes; the keeper here is a
// directory of which one process has the use.
package journal
