package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/micodb/micodb/node"
)

const healthcheckTimeout = 5 * time.Second

func newHealthcheck() *cobra.Command {
	var url, dataDir string
	secure := tlsFlags{insecure: true} // it asks this machine, where a self-signed certificate is as good as any
	c := &cobra.Command{
		Use:   "healthcheck",
		Short: "Exit 0 when the server is ready, 1 when it is not",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if url == "" {
				e, err := node.ReadEndpoints(dataDir)
				if err != nil {
					return err
				}
				url = "http://" + e.HTTP
				if e.TLS {
					url = "https://" + e.HTTP
				}
			}
			trust, err := secure.config()
			if err != nil {
				return err
			}
			return checkReady(c.Context(), url, trust)
		},
	}
	c.Flags().StringVar(&url, "url", "", "the server's HTTP address, as http://127.0.0.1:8816")
	c.Flags().StringVarP(&dataDir, "data-dir", "d", node.Defaults().DataDir,
		"take the address from this data directory")
	c.Flags().StringVar(&secure.cert, "tls-cert", "", "certificate to show to a server with --tls-client-ca, PEM")
	c.Flags().StringVar(&secure.key, "tls-key", "", "key of the certificate, PEM")
	return c
}

// checkReady asks the server whether it is ready.
func checkReady(ctx context.Context, url string, trust *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return usage(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is left to read
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d: %s", url, resp.StatusCode, body)
	}
	return nil
}
