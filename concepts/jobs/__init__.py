"""Long work outside web requests: queued in SQL, run in lanes, resumed, cancelled, reported."""
