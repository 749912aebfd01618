// Verifies a receipt (C2SP tlog-proof) with Go's own transparency log packages.
//
//	verify VERIFIER_KEY RECEIPT_FILE      exit status 0: valid; 1: not
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	check(err)
	text, err := os.ReadFile(os.Args[2])
	check(err)
	proofText, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(proofText, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		check(fmt.Errorf("no receipt"))
	}
	content, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err)
	// Field 1 of a protobuf message: the entry.
	length, bytes := binary.Uvarint(content[1:])
	entry := content[1+bytes : 1+bytes+int(length)]
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err)
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		check(err)
		proof = append(proof, hash)
	}

	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifier))
	check(err)
	body := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(body[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(body[2])
	check(err)
	check(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)))
	fmt.Printf("valid: entry %d of %d\n", index+1, size)
}
