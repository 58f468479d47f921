"""Works leave here, as files that say how to make them again."""
