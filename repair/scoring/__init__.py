"""Token scores -> features -> head -> calibrated probability -> ScoreReport."""
