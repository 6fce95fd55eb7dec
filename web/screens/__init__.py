"""One package a screen. A screen builds components and calls use cases, and knows no other screen."""
