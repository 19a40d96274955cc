// Mark writes the architecture that it was built for into a file: a program that an image's build can run.
package main

import (
	"log"
	"os"
	"runtime"
)

func main() {
	if err := os.WriteFile(os.Args[1], []byte(runtime.GOARCH+"\n"), 0o644); err != nil {
		log.Fatal(err)
	}
}
