// Package duckdb holds our figures to DuckDB's on the same Parquet file. It is a module of its own: nothing else of ours
// downloads DuckDB.
package duckdb

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver
)

// Open opens DuckDB in memory with so many threads.
func Open(threads int) (*sql.DB, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // temporary tables are a connection's
	if _, err := db.Exec(fmt.Sprintf("SET threads = %d", threads)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Parquet gives Parquet files the name of a table; nothing is read before it is asked for.
func Parquet(db *sql.DB, table string, files ...string) error {
	var quoted []string
	for _, f := range files {
		quoted = append(quoted, "'"+strings.ReplaceAll(f, "'", "''")+"'")
	}
	_, err := db.Exec(fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT * FROM read_parquet([%s])", table, strings.Join(quoted, ", ")))
	return err
}
