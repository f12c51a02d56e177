// Package web is the website channel: it visits a public body's site in headless Chrome as a citizen would, looks at each
// page of a bounded sample, and says what a citizen meets: barriers, missing information, waiting. It changes nothing on
// the site and keeps nothing itself.
package web
