"""What leaves with a version or a rule: exports, score tables, watched folders, webhooks."""
