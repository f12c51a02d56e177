// Package config declares the YAML files: their types, their defaults and every rule they must keep. It decodes
// strictly and names each fault by its path. It starts nothing and counts nothing.
package config
