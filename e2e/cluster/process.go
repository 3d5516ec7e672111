//go:build linux

package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one program of the cluster, in a process group of its own and
// with a log file of its own.
type process struct {
	name    string
	logPath string
	cmd     *exec.Cmd
	done    chan struct{} // closed when it has ended
}

// spawn starts a program with its log in dir. It runs in dir with an empty home, so
// that no Docker configuration of the machine's user and no proxy setting
// reaches kubelet or containerd.
func spawn(dir, path string, args ...string) (*process, error) {
	name := filepath.Base(path)
	logPath := filepath.Join(dir, "log", name+".log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer func() { _ = log.Close() }() // the program has its own descriptor
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + filepath.Join(dir, "tmp"), "PATH=" + filepath.Dir(path) + ":" + searchPath}
	cmd.Stdout, cmd.Stderr = log, log
	// Without its parent nobody would end it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, logPath: logPath, cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(p.done)
	}()
	return p, nil
}

// alive is nil while the program runs, and an error with the end of its log
// when it has ended.
func (p *process) alive() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	text, err := os.ReadFile(p.logPath)
	if err != nil {
		return fmt.Errorf("%s ended (%s), and its log cannot be read: %w", p.name, p.cmd.ProcessState, err)
	}
	return fmt.Errorf("%s ended (%s):\n%s", p.name, p.cmd.ProcessState, lastLines(string(text), 15))
}

// stop asks the program to end, and kills its group when it has not after
// grace.
func (p *process) stop(grace time.Duration) {
	if p == nil {
		return
	}
	_ = syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
}

// identity names a process for longer than its id does: ids are used again,
// an id with a start time is not.
func identity(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", fmt.Errorf("reading the start time of process %d: %w", pid, err)
	}
	// The command, in parentheses, may hold anything; the start time is field
	// 22, the twentieth after it. proc(5).
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return "", fmt.Errorf("reading the start time of process %d: %d fields", pid, len(fields))
	}
	if fields[0] == "Z" {
		return "", fmt.Errorf("process %d: %w", pid, os.ErrProcessDone)
	}
	return strconv.Itoa(pid) + " " + fields[19], nil
}

// Running returns the id of the process that a file of WriteIdentity names, or
// 0 when there is none or it has ended.
func Running(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	if now, err := identity(pid); err != nil || now != strings.TrimSpace(string(text)) {
		return 0
	}
	return pid
}

// WriteIdentity writes which process this is, for Running.
func WriteIdentity(path string) error {
	id, err := identity(os.Getpid())
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(id+"\n"), 0o644); err != nil {
		return fmt.Errorf("writing the process id: %w", err)
	}
	return nil
}

// searchPath is where runc lives; the PATH of a plain shell lacks sbin.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// cniPlugins returns the folder with the CNI plugins.
func cniPlugins() (string, error) {
	for _, dir := range []string{"/usr/lib/cni", "/opt/cni/bin"} {
		if isProgram(filepath.Join(dir, "bridge")) && isProgram(filepath.Join(dir, "host-local")) {
			return dir, nil
		}
	}
	return "", errors.New("the CNI plugins bridge and host-local are missing: apt-get install containernetworking-plugins")
}

// runc returns the path of the container runtime.
func runc() (string, error) {
	for dir := range strings.SplitSeq(searchPath, ":") {
		if path := filepath.Join(dir, "runc"); isProgram(path) {
			return path, nil
		}
	}
	return "", errors.New("runc is missing: apt-get install runc containernetworking-plugins")
}

func isProgram(path string) bool {
	stat, err := os.Stat(path)
	return err == nil && stat.Mode().IsRegular() && stat.Mode()&0o111 != 0
}
