package matrix

import "github.com/micodb/micodb/jsonproto"

func jsonKinds() []string { return jsonproto.Commands() }
