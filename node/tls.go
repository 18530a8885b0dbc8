package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
)

// The files of --tls auto in the data directory.
const (
	autoCertFile = "tls-cert.pem"
	autoKeyFile  = "tls-key.pem"
)

// autoCertYears is how long a certificate of --tls auto is valid.
const autoCertYears = 10

// loadTLS returns the TLS configuration, nil for none, and the fingerprint of a self-signed certificate.
func (c *Config) loadTLS() (*tls.Config, string, error) {
	if !c.tls() {
		return nil, "", nil
	}
	certFile, keyFile, fingerprint := c.TLSCert, c.TLSKey, ""
	if c.TLSMode == "auto" && certFile == "" {
		certFile, keyFile = filepath.Join(c.DataDir, autoCertFile), filepath.Join(c.DataDir, autoKeyFile)
		if _, err := os.Stat(keyFile); errors.Is(err, fs.ErrNotExist) {
			if err := makeCertificate(certFile, keyFile, c.BindAddr); err != nil {
				return nil, "", sqlerr.Wrap(err, sqlerr.IOError, "the certificate of --tls auto can't be written to %s",
					c.DataDir)
			}
		}
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, "", sqlerr.Wrap(err, sqlerr.InvalidParameterValue,
			"the certificate %s with the key %s can't be used: %v", certFile, keyFile, err)
	}
	if c.TLSMode == "auto" {
		sum := sha256.Sum256(pair.Certificate[0])
		fingerprint = hex.EncodeToString(sum[:])
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if c.TLSClientCA != "" {
		ca, err := os.ReadFile(c.TLSClientCA)
		if err != nil {
			return nil, "", sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "--tls-client-ca can't be read: %v", err)
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(ca) {
			return nil, "", sqlerr.New(sqlerr.InvalidParameterValue, "%s holds no PEM certificate", c.TLSClientCA)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, fingerprint, nil
}

// certificateExpiry is when the certificate of a configuration ends; zero where there is no TLS.
func certificateExpiry(c *tls.Config) time.Time {
	if c == nil {
		return time.Time{}
	}
	return c.Certificates[0].Leaf.NotAfter // LoadX509KeyPair has parsed it
}

func makeCertificate(certFile, keyFile, host string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "micodb"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(autoCertYears, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if name, err := os.Hostname(); err == nil {
		template.DNSNames = append(template.DNSNames, name)
	}
	if ip := net.ParseIP(host); ip != nil && !ip.IsUnspecified() {
		template.IPAddresses = append(template.IPAddresses, ip)
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// The key is written last: it is by the key that the next start tells whether both are there.
	if err := writePEM(certFile, "CERTIFICATE", cert, 0o644); err != nil {
		return err
	}
	return writePEM(keyFile, "PRIVATE KEY", der, 0o600)
}

func writePEM(name, kind string, der []byte, mode fs.FileMode) error {
	return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
