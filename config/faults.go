package config

import "github.com/sonde-fleet/sonde/config/fault"

// Fault is one mistake in a configuration file, the campaign or the directory.
type Fault = fault.Fault

// Faults is all that is wrong with the files, in their order. It is an error.
type Faults = fault.Faults
