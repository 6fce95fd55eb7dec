"""What people and programs see: screens, REST and media routes."""
