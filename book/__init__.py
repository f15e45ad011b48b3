"""The facts of the book, for what builds, runs and tests it; standard library alone."""
