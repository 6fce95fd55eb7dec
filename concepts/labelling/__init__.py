"""Which pictures a concept looks at: mining, what to ask next and in which order, the grid, the queries."""
