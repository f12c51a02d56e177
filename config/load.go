package config

import (
	"fmt"
	"os"
	"path/filepath"
)

// LoadProber reads prober.yaml: defaults, ${ENV} in texts, SONDE_LISTEN, SONDE_DATA and SONDE_TOKEN over it, secrets from
// their files, paths relative to the file's folder. The error is Faults with everything that is wrong with the file.
func LoadProber(path string) (*Prober, error) {
	p := defaultProber()
	d, err := open(path, true)
	if err != nil {
		return nil, err
	}
	d.decode(p)
	d.override(&p.Listen, &p.Data, &p.Token)
	d.prober(p)
	if err := d.faults.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// LoadCollector reads collector.yaml in the way of LoadProber; SONDE_LISTEN and SONDE_DATA override it.
func LoadCollector(path string) (*Collector, error) {
	c := defaultCollector()
	d, err := open(path, true)
	if err != nil {
		return nil, err
	}
	d.decode(c)
	d.override(&c.Listen, &c.Data, nil)
	d.collector(c)
	if err := d.faults.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// LoadCampaign reads campaign.yaml. Nothing of the environment enters it: a timetable is computed from the file alone.
// The error is Faults with everything that is wrong with the file.
func LoadCampaign(path string) (*Campaign, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return ParseCampaign(data, path)
}

// ParseCampaign is LoadCampaign from memory; name stands for the file in faults.
func ParseCampaign(data []byte, name string) (*Campaign, error) {
	c := defaultCampaign()
	d := &document{file: name, folder: filepath.Dir(name)}
	d.parse(data)
	d.decode(c)
	d.campaign(c)
	if err := d.faults.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

func open(path string, environment bool) (*document, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	d := &document{file: path, folder: filepath.Dir(path), environment: environment}
	d.parse(data)
	return d, nil
}
