package grid

// Norm is one figure that a service is held to.
type Norm struct {
	Key    string  `json:"key" cbor:"1,keyasint"` // "mail.answer"
	Value  float64 `json:"value" cbor:"2,keyasint"`
	Unit   string  `json:"unit" cbor:"3,keyasint"` // working days, s, rings, %
	Source string  `json:"source,omitempty" cbor:"4,keyasint,omitempty"`
	URL    string  `json:"url,omitempty" cbor:"5,keyasint,omitempty"` // where the source can be read
	// Checked says that the figure was read at its source. What is not was written down from memory, and is to be checked
	// before anybody is held to it.
	Checked bool `json:"checked,omitempty" cbor:"6,keyasint,omitempty"`
}

// Norms is a dated profile: a campaign names one, may change figures in it, and the launch freezes the result.
type Norms struct {
	Profile string `json:"profile" cbor:"1,keyasint"`
	Date    string `json:"date" cbor:"2,keyasint"` // from when its sources are, YYYY-MM-DD
	Values  []Norm `json:"values" cbor:"3,keyasint"`
	EN      string `json:"en,omitempty" cbor:"4,keyasint,omitempty"` // what the profile is called
	FR      string `json:"fr,omitempty" cbor:"5,keyasint,omitempty"`
}

// Title is what the profile is called.
func (n Norms) Title() Text { return Text{n.EN, n.FR} }

// Value returns the norm of the key.
func (n Norms) Value(key string) (float64, bool) {
	for i := range n.Values {
		if n.Values[i].Key == key {
			return n.Values[i].Value, true
		}
	}
	return 0, false
}
