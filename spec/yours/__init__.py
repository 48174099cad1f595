"""What a run takes from whoever runs it: the known deviations of a backend, and modules of their own."""
