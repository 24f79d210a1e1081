// Encodes and decodes header blocks with the HPACK of golang.org/x/net, which is that of grpc-go. It reads commands as lines of JSON, and answers
// each one that encodes or decodes by a line of JSON. Strings are bytes, as base64.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log"
	"os"

	"golang.org/x/net/http2/hpack"
)

type command struct {
	// A new connection: a new encoder and a new decoder.
	Begin bool
	// Settings of the decoder on the other side; the size that our encoder chooses; our own setting, which the other side has acknowledged.
	Limit, Size, Allow *uint32
	// Fields to encode, and which of them are never to be indexed.
	Encode []field
	// A block to decode.
	Decode *[]byte
}

type field struct {
	Name, Value []byte
	Never       bool
}

type answer struct {
	Block  []byte  `json:"block"`
	Fields []field `json:"fields"`
	Error  string  `json:"error"`
}

func main() {
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	writer := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer writer.Flush()
	out := json.NewEncoder(writer)

	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	decoder := hpack.NewDecoder(4096, nil)
	for in.More() {
		var c command
		if err := in.Decode(&c); err != nil {
			log.Fatal(err)
		}
		if c.Begin {
			encoder = hpack.NewEncoder(&block)
			decoder = hpack.NewDecoder(4096, nil)
		}
		if c.Limit != nil {
			encoder.SetMaxDynamicTableSizeLimit(*c.Limit)
		}
		if c.Size != nil {
			encoder.SetMaxDynamicTableSize(*c.Size)
		}
		if c.Allow != nil {
			decoder.SetAllowedMaxDynamicTableSize(*c.Allow)
		}
		var a answer
		switch {
		case c.Encode != nil:
			block.Reset()
			for _, f := range c.Encode {
				if err := encoder.WriteField(hpack.HeaderField{Name: string(f.Name), Value: string(f.Value), Sensitive: f.Never}); err != nil {
					log.Fatal(err)
				}
			}
			a.Block = block.Bytes()
		case c.Decode != nil:
			fields, err := decoder.DecodeFull(*c.Decode)
			if err != nil {
				a.Error = err.Error()
			}
			for _, f := range fields {
				a.Fields = append(a.Fields, field{[]byte(f.Name), []byte(f.Value), f.Sensitive})
			}
		default:
			continue
		}
		if err := out.Encode(a); err != nil {
			log.Fatal(err)
		}
	}
}
