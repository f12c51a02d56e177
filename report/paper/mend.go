package paper

func mend(pdf, html []byte) ([]byte, error) { return pdf, nil }
