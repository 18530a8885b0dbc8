package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/micodb/micodb/internal/limits"
)

// envPrefix starts the name of every environment variable.
const envPrefix = "MICODB_"

// loadSettings fills in the flags that the command line does not set: from the environment, else from the file.
func loadSettings(fs *pflag.FlagSet, configFile string) error {
	k := koanf.New("\x00") // keys are flat: no delimiter
	if err := k.Load(env.Provider("\x00", env.Opt{
		Prefix: envPrefix,
		TransformFunc: func(key, value string) (string, any) {
			return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(key, envPrefix)), "_", "-"), value
		},
	}), nil); err != nil {
		return err
	}
	environment := k.Copy()
	if configFile == "" {
		configFile = environment.String("config")
	}
	fromFile := koanf.New("\x00")
	if configFile != "" {
		if err := fromFile.Load(file.Provider(configFile), yaml.Parser()); err != nil {
			return fmt.Errorf("--config %s can't be read: %w", configFile, err)
		}
		for _, key := range fromFile.Keys() {
			if fs.Lookup(key) == nil || key == "config" || key == "help" {
				return fmt.Errorf("--config %s: there is no setting %q; the keys are the flags of `micodb serve`",
					configFile, key)
			}
		}
	}
	var err error
	fs.VisitAll(func(f *pflag.Flag) {
		if err != nil || f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		for _, from := range []struct {
			k    *koanf.Koanf
			name string
		}{
			{environment, envPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))},
			{fromFile, configFile + ": " + f.Name},
		} {
			if from.k.Exists(f.Name) {
				if e := fs.Set(f.Name, from.k.String(f.Name)); e != nil {
					err = fmt.Errorf("%s: %w", from.name, e)
				}
				return
			}
		}
	})
	return err
}

// byteSize is a number of bytes as people write it: 512MiB, 4GB, 1073741824.
type byteSize int64

// decimalUnits are the letters of KB, MB, GB and TB, and of KiB and its like; a bare number counts bytes.
const decimalUnits = "KMGT"

func (b *byteSize) String() string { return limits.SizeText(int64(*b)) }

func (*byteSize) Type() string { return "size" }

func (b *byteSize) Set(s string) error {
	bad := fmt.Errorf("%q is no size: write a number with B, KiB, MiB, GiB, TiB, KB, MB, GB or TB", s)
	digits := strings.TrimRight(strings.TrimSpace(s), "iBKMGTkmgtb ")
	unit := strings.ToUpper(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s), digits)))
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || math.IsNaN(n) || n < 0 {
		return bad
	}
	scale := 1.0
	if unit != "" && unit != "B" {
		i := strings.IndexByte(decimalUnits, unit[0])
		base, rest := 1000.0, unit[1:]
		if i < 0 || !slices.Contains([]string{"", "B", "IB"}, rest) {
			return bad
		}
		if rest != "B" {
			base = 1024
		}
		scale = math.Pow(base, float64(i+1))
	}
	if n *= scale; n > math.MaxInt64/2 {
		return bad
	}
	*b = byteSize(n)
	return nil
}
