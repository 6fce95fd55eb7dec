"""One package a screen. A screen builds components and calls the Workbench, and knows no other screen."""
