"""What is kept: SQL tables and migrations, the vector index, picture files and thumbnails, backup."""
