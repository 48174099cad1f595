"""What people look at after a run: the answer table and the claims as sentences, both made from verdicts."""
