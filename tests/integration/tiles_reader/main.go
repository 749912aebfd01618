// Reads a log over HTTP (C2SP tlog-tiles) and believes nothing but its verifier key, with Go's own
// transparency log packages.
//
//	tiles_reader [-header FILE] [-since FILE] [-save FILE] URL VERIFIER_KEY
//
//	-header   a line "Authorization: Bearer <token>": reads the entries too
//	-since    a checkpoint that was saved: what the log must continue
//	-save     where the checkpoint goes when all of it is right
//
// Exit status 0: every leaf is in the tree that the log has signed; 1: the last line says what is not.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const answerBytesMax = 32 << 20

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// A log and what has been fetched from it.
type log struct {
	url    string
	header string
	client http.Client
	known  map[tlog.Tile][]byte // verified
}

func (l *log) get(path string, contentType string) ([]byte, error) {
	request, err := http.NewRequest("GET", l.url+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if name, value, found := strings.Cut(l.header, ": "); found && strings.Contains(path, "entries") {
		request.Header.Set(name, strings.TrimSpace(value))
	}
	response, err := l.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerBytesMax))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	if response.Header.Get("Content-Type") != contentType {
		return nil, fmt.Errorf("%s: %s", path, response.Header.Get("Content-Type"))
	}
	return body, nil
}

// Go's paths name the height of tiles, C2SP's do not.
func path(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// tlog.TileReader: what it reads is verified by tlog.TileHashReader.
func (l *log) Height() int { return height }
func (l *log) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		l.known[tile] = data[i]
	}
}
func (l *log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, found := l.known[tile]
		if !found {
			var err error
			if data, err = l.get(path(tile), "application/octet-stream"); err != nil {
				return nil, err
			}
		}
		all = append(all, data)
	}
	return all, nil
}

// A checkpoint that the log has signed.
func open(text []byte, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	body := strings.Split(opened.Text, "\n")
	if len(body) < 4 || body[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("no checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(body[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(body[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// Computes the root again from the leaf hashes alone.
func rootOf(leaves []tlog.Hash) (tlog.Hash, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	for i, leaf := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
		if err != nil {
			return tlog.Hash{}, err
		}
		stored = append(stored, hashes...)
	}
	return tlog.TreeHash(int64(len(leaves)), reader)
}

// The entries of a bundle.
func parse(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("a bundle is cut off")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:end])
		bundle = bundle[end:]
	}
	return entries, nil
}

func main() {
	header := flag.String("header", "", "")
	since := flag.String("since", "", "")
	save := flag.String("save", "", "")
	flag.Parse()
	key := flag.Arg(1)
	source := &log{
		url: flag.Arg(0), client: http.Client{Timeout: time.Minute}, known: map[tlog.Tile][]byte{},
	}
	if *header != "" {
		text, err := os.ReadFile(*header)
		check(err)
		source.header = string(text)
	}

	checkpoint, err := source.get("checkpoint", "text/plain; charset=utf-8")
	check(err)
	tree, err := open(checkpoint, key)
	check(err)

	// Every leaf, from the tiles of level 0 as they are.
	var leaves []tlog.Hash
	for n := int64(0); n<<height < tree.N; n++ {
		width := tree.N - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: 0, N: n, W: int(width)}
		data, err := source.get(path(tile), "application/octet-stream")
		check(err)
		if len(data) != int(width)*tlog.HashSize {
			check(fmt.Errorf("%s has %d bytes", path(tile), len(data)))
		}
		for i := 0; i < len(data); i += tlog.HashSize {
			leaves = append(leaves, *(*tlog.Hash)(data[i : i+tlog.HashSize]))
		}
	}
	root, err := rootOf(leaves)
	check(err)
	if root != tree.Hash {
		check(fmt.Errorf("the tiles of level 0 lead to the root %v, the checkpoint has %v", root, tree.Hash))
	}

	// Each of them proved by the tiles of all levels.
	reader := tlog.TileHashReader(tree, source)
	for i, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(i), reader)
		check(err)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), leaf))
	}

	if *since != "" {
		text, err := os.ReadFile(*since)
		check(err)
		old, err := open(text, key)
		check(err)
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
		fmt.Printf("continues %d\n", old.N)
	}

	if *header != "" {
		next := 0
		for n := int64(0); n<<height < tree.N; n++ {
			width := tree.N - n<<height
			if width > 1<<height {
				width = 1 << height
			}
			tile := tlog.Tile{H: height, L: -1, N: n, W: int(width)}
			bundle, err := source.get(path(tile), "application/octet-stream")
			check(err)
			entries, err := parse(bundle)
			check(err)
			for _, entry := range entries {
				if next == len(leaves) || tlog.RecordHash(entry) != leaves[next] {
					check(fmt.Errorf("entry %d is not the one in the tree", next+1))
				}
				next++
			}
		}
		if next != len(leaves) {
			check(fmt.Errorf("%d entries for %d leaves", next, len(leaves)))
		}
		fmt.Printf("entries %d\n", next)
	}

	if *save != "" {
		check(os.WriteFile(*save, checkpoint, 0o600))
	}
	fmt.Printf("valid %d %v\n", tree.N, tree.Hash)
}
