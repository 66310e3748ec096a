"""The third step: folds snapshots into ledgers, and writes the pages of a playlist."""
