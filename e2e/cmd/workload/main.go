// Command workload is what runs in the containers of the end-to-end tests:
// `workload wait` is the pause program and a healthy application, `workload
// exit CODE` an application that crashes.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if len(args) == 2 && args[0] == "exit" {
		code, err := strconv.Atoi(args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, "workload: the exit code is not a number:", err)
			return 2
		}
		fmt.Println("workload: ending with code", code)
		return code
	}
	// As process 1 of its namespace it gets only the signals it asks for.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	return 0
}
