package main

// style is how a piece of text looks on a terminal that has colours. Every
// style stands for something that the words or marks say as well.
type style int

const (
	plain style = iota
	bold
	dim
	good
	bad
	doubtful
)

// paint colours text, or leaves it alone.
type paint bool

// as returns s in a style.
func (p paint) as(st style, s string) string {
	code := st.code()
	if !bool(p) || code == "" || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// code is the ECMA-48 number of the style.
func (st style) code() string {
	switch st {
	case bold:
		return "1"
	case dim:
		return "2"
	case good:
		return "32"
	case bad:
		return "31"
	case doubtful:
		return "33"
	}
	return ""
}
