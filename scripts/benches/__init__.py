"""What scripts/bench measures: one module per subject, each with `measured(folder, part)` that gives its figures."""
