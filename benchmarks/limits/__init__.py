"""How near the product is to what its machine allows: `make bench`, `make bench-quick`."""
