"""What makes pytest run claims: options, collection, cases, workers, their schedule, and the proof by faults."""
