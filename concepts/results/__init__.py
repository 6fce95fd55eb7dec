"""What comes of the labels: advice, versions, figures, scores, review."""
